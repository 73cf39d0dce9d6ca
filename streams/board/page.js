"use strict";
(() => {
  const main = document.getElementById("content");
  const live = document.getElementById("live");
  const card = document.getElementById("card");
  const { truce, language } = main.dataset;
  const isFile = document.body.classList.contains("file");

  // Light or dark: the system's wish, unless somebody chose.
  const root = document.documentElement;
  const kept = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it holds for this page */ }
  });

  // A table of days is one stop of the Tab key; arrows move inside it, as they look, in either direction of writing.
  function rove(scope) {
    for (const table of scope.querySelectorAll("table.days")) {
      const days = table.querySelectorAll(".day");
      days.forEach((day) => { day.tabIndex = -1; });
      const last = table.querySelector("tbody tr:first-child td:last-child .day") ?? days[days.length - 1];
      if (last) last.tabIndex = 0;
    }
    for (const scroll of scope.querySelectorAll(".scroll")) {
      if (!scroll.dataset.moved) scroll.scrollLeft = root.dir === "rtl" ? -scroll.scrollWidth : scroll.scrollWidth;
    }
  }
  function neighbour(day, key) {
    const cell = day.closest("td");
    const forward = root.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const sideways = { ArrowLeft: 1, ArrowRight: 1 }[key];
    if (sideways) {
      const step = key === forward ? "nextElementSibling" : "previousElementSibling";
      let next = cell[step];
      while (next && !next.querySelector(".day")) next = next[step];
      return next?.querySelector(".day");
    }
    const row = cell.parentElement[key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling"];
    return row?.cells[cell.cellIndex]?.querySelector(".day");
  }
  main.addEventListener("keydown", (event) => {
    const day = event.target.closest?.(".day");
    if (event.key === "Escape") hide();
    if (!day || !event.key.startsWith("Arrow")) return;
    const next = neighbour(day, event.key);
    event.preventDefault();
    if (!next) return;
    day.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  // The card of a day: its label at once, and what the server knows of it as soon as it is there.
  let shown = null;
  function show(day) {
    if (shown === day) return;
    shown = day;
    card.textContent = day.getAttribute("aria-label").replaceAll(/[;؛] /g, "\n");
    card.style.whiteSpace = "pre-line";
    card.hidden = false;
    put(day);
    if (isFile) return;
    const { zone, day: number } = day.dataset;
    fetch(`/${language}/${encodeURIComponent(truce)}/day/${encodeURIComponent(zone)}/${number}`)
      .then((answer) => (answer.ok ? answer.text() : null))
      .then((html) => {
        if (html === null || shown !== day) return;
        card.style.whiteSpace = "";
        card.innerHTML = html;
        put(day);
      })
      .catch(() => { /* the label stays */ });
  }
  function put(day) {
    const box = day.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card;
    const left = Math.min(Math.max(8, box.left + box.width / 2 - width / 2), innerWidth - width - 8);
    const below = box.bottom + 10 + height < innerHeight;
    card.style.left = `${left}px`;
    card.style.top = `${below ? box.bottom + 8 : Math.max(8, box.top - height - 8)}px`;
  }
  function hide() {
    shown = null;
    card.hidden = true;
  }
  if (card) {
    const over = (event) => { const day = event.target.closest?.(".day"); if (day) show(day); };
    const out = (event) => { if (event.target.closest?.(".day")) hide(); };
    main.addEventListener("pointerover", over);
    main.addEventListener("focusin", over);
    main.addEventListener("pointerout", out);
    main.addEventListener("focusout", out);
    // Moving to a day may itself scroll: the card goes with the day that has the focus.
    const moved = () => { if (shown && shown === document.activeElement) put(shown); else hide(); };
    addEventListener("scroll", moved, { passive: true, capture: true });
  }

  rove(main);
  main.addEventListener("scroll", (event) => {
    if (event.target.classList?.contains("scroll")) event.target.dataset.moved = "";
  }, { capture: true, passive: true });
  if (isFile) return;

  // What changed is fetched again, part by part; focus, open details and the place in a table stay where they were.
  async function refresh(name, query) {
    const section = document.getElementById(name);
    if (!section) return;
    const answer = await fetch(`/${language}/${encodeURIComponent(truce)}/part/${name}${query ?? location.search}`);
    if (!answer.ok) return;
    replace(section, await answer.text());
  }
  function replace(section, html) {
    if (section.dataset.html === html) return;
    section.dataset.html = html;
    const active = document.activeElement;
    const focused = section.contains(active) ? active.id : null;
    const position = focused === null && section.contains(active) ? [...section.querySelectorAll("a,button,select,summary,[tabindex]")].indexOf(active) : -1;
    const open = [...section.querySelectorAll("details")].map((details) => details.open);
    const scrolled = [...section.querySelectorAll(".scroll")].map((scroll) => [scroll.scrollLeft, scroll.dataset.moved]);
    section.innerHTML = html;
    section.querySelectorAll("details").forEach((details, at) => { if (at in open) details.open = open[at]; });
    section.querySelectorAll(".scroll").forEach((scroll, at) => {
      if (scrolled[at]?.[1] === "") { scroll.dataset.moved = ""; scroll.scrollLeft = scrolled[at][0]; }
    });
    rove(section);
    if (focused) {
      const again = document.getElementById(focused);
      if (again?.classList.contains("day")) section.querySelectorAll(".day[tabindex='0']").forEach((day) => { day.tabIndex = -1; });
      if (again?.tabIndex === -1) again.tabIndex = 0;
      again?.focus({ preventScroll: true });
    } else if (position >= 0) {
      section.querySelectorAll("a,button,select,summary,[tabindex]")[position]?.focus({ preventScroll: true });
    }
  }

  // The list of incidents filters and grows in place; without this script the same links load the page.
  function go(url) {
    history.replaceState(null, "", url);
    refresh("incidents", new URL(url, location.href).search);
  }
  main.addEventListener("change", (event) => {
    const form = event.target.closest(".filter");
    if (form) go(`?${new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""))}`);
  });
  main.addEventListener("click", (event) => {
    const more = event.target.closest("a.more, a.zone");
    if (!more || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(more.getAttribute("href"));
    if (more.matches(".zone")) document.getElementById("incidents").scrollIntoView();
  });

  // The form applies itself.
  root.classList.add("scripted");

  const waiting = new Set();
  function away(name) {
    const box = document.getElementById(name)?.getBoundingClientRect();
    if (!box) return Infinity;
    return Math.max(0, box.top - innerHeight, -box.bottom) + (name === "map" ? 1 : 0);
  }
  let busy = false;
  async function catchUp() {
    if (busy) return;
    busy = true;
    try {
      while (waiting.size) {
        // One after the other, what is nearest to the eye first; the list before the map beside it.
        const [name] = [...waiting].sort((one, other) => away(one) - away(other));
        waiting.delete(name);
        await refresh(name);
      }
    } catch {
      // The stream says when the server is there again, and everything is read anew.
    } finally {
      busy = false;
    }
  }
  // The list of truces is small: it is read again whole, once a second at most.
  let due = null;
  function again() {
    due ??= setTimeout(async () => {
      due = null;
      const answer = await fetch(location.href).catch(() => null);
      if (!answer?.ok) return;
      const read = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("content");
      if (read && read.innerHTML !== main.innerHTML) main.innerHTML = read.innerHTML;
    }, 1000);
  }

  const stream = new EventSource(truce ? `/api/events?truce=${encodeURIComponent(truce)}` : "/api/events");
  stream.addEventListener("open", () => { live.className = "on"; live.textContent = live.dataset.live; });
  stream.addEventListener("error", () => { live.className = "off"; live.textContent = live.dataset.lost; });
  stream.addEventListener("changed", (event) => {
    if (!truce) return again();
    for (const name of JSON.parse(event.data).parts) waiting.add(name);
    catchUp();
  });
})();
