/* Groups things around anchors, as `streams.core.anchoring` defines it, on columns instead of objects.

   Things are known by the handles that Python gives them, and cells list handles. What rules most pairs out stands beside the
   handle, and at the beginning of a claim. Numbers are as narrow as what they hold, and what few claims have is kept apart,
   because there are millions of them. There are two ways to meet: claims of different sources near each other
   (`Neighbourhood`, `match.fit`), and accounts of one source that repeat each other (`Repeats`, `repeats`). Every rule stands
   in Python too; a property test holds the two to each other.
   Nothing here is random, and nothing depends on an address. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "geometry.h"

int32_t truce_cosines[9001];

enum { ADD, REMOVE, FORGET };
enum { SIZES = 4, LENGTHS = 3, BREADTHS = SIZES * LENGTHS, LEVELS_MAX = 64, LINKS_MAX = 8, WEAPONS_MAX = 16, VOICES_MAX = 4, NONE = -1 };
enum { CHUNK_BITS = 10, CHUNK = 1 << CHUNK_BITS, FEW = 2 };
enum { OWN = 0xFF }; /* the kind of a cell that lists the claims of one source, by when they begin: see `free_place` */
enum { SHUT = 2 };   /* of a cell that lists anchors that may not take members: see `list_anchor` */
enum { SLOT_BIT = 33 }; /* of the key of a cell, from where on it is the slot */
enum { EXCLUDED = -8000 }; /* what a voice that rules a claim out adds */
enum { PIECES = 6, PIECE_BITS = 11, SAME_SPAN = LINKS_MAX + PIECES, KEYS = SAME_SPAN + 1 }; /* see `repeats` */
enum { PLACE, TIME, KILLED, INJURED, BY, AGAINST, TEXT, LINKS, COMPARISONS };

#define HOUR 3600
#define SAME_POINT_M 500

typedef struct { int32_t source, handle; } Member;

/* Members of a group by source: open addressing, so that a group of thousands costs no more than one of two. `alive`: those
   not forgotten. `voices`: in canonical order. An anchor that is alone has none of this. */
typedef struct {
    Member *slots;
    int32_t size, count, alive, voices_count, voices[VOICES_MAX];
} Company;

/* What two claims are compared by (`features.Features`), and where it stands in its group. From `killed` on it is there only
   where claims fit, one a source: accounts that repeat each other are not compared by it. */
typedef struct {
    int64_t start, end;
    int32_t lat, lon, radius, source;
    uint64_t order_high;          /* all of the canonical order that is numbers */
    uint64_t signature;
    int32_t anchor, score;
    uint8_t kind, weapon, script, links_count;
    int8_t breadth;               /* NONE: never merged, in no cell */
    uint8_t used : 1, listed : 1, queued : 1, gone : 1, forgotten : 1;
    uint8_t unheard : 1;          /* may take members since others were forgotten, and nobody was told */
    uint16_t order_length;        /* what rules most pairs out ends here, at 64 bytes */
    char *tail;                   /* links, then the rest of the order: report id, and the spelling where it is not the source's */
    Company *company;
    int32_t killed[3], injured[3];
    int64_t by, against;
} Claim;

/* Claims in brief, eight side by side, so that most of those out of reach are passed over eight at a time and without a look at
   the claims themselves. All of it is rounded, and towards within reach: times to `MOMENT_S`, angles and radii to 65536ths of a
   turn. Numbers may wrap around; their differences are right, for a cell is looked into from near by only. */
enum { LANES = 8, MOMENT_S = 64, TURN = 360000000, TURN_STEPS = 1 << 16, STEP = TURN / TURN_STEPS + 1, STEPS_MAX = TURN_STEPS / 2 - 1 };
enum { START, SPAN, RADIUS, LAT, LON, WEAPON, RANK, COLUMNS };
enum { ORDER_BIT = 5, KIND_BIT = 2, LISTED_BIT = 1, KINDS_MAX = 1 << (ORDER_BIT - KIND_BIT) }; /* of a rank: upper bits of the order first */
typedef struct { uint16_t of[COLUMNS][LANES]; } Block;
typedef uint16_t Lanes __attribute__((vector_size(sizeof(uint16_t) * LANES)));
typedef int16_t Signed __attribute__((vector_size(sizeof(int16_t) * LANES)));

/* The claims that one cell lists: first the anchors that may take members, of each group the first `anchors_max` in canonical
   order. Where accounts repeat, those of one key; `kind` is then the kind of key. What else cells list: `OWN`, `SHUT`. */
typedef struct {
    uint64_t key;
    int32_t next, count, open;    /* `next`: of the same bucket */
    uint8_t kind, weapon, listed, room;
    union { int32_t few[FEW]; int32_t *many; } handles;
    Block *blocks;                /* where claims are looked for by place and time, the same claims in brief */
} Cell;

/* Where a claim is listed in a grid; `grid` is a key of its own where accounts repeat. */
typedef struct { uint64_t key; uint8_t kind, weapon, listed; } Spot;

typedef struct { int32_t anchor, thing, joined; } Change;
typedef struct { int32_t anchor, grid; } Opened;

typedef struct {
    int64_t distance, window, threshold, anchors_max, sharp, weapons;
    int64_t most, links_most;     /* that casualties and actors can add to a score, and links that both have */
    int64_t one_a_day;            /* whether what one source says of a town and a day is said once */
    int64_t repeat_bits;          /* NONE: claims that fit, one a source; else accounts that repeat, by their words and links */
    int64_t radius_max[SIZES], side[SIZES], span_max[LENGTHS], slot[LENGTHS];
    int32_t base[COMPARISONS], weights[LEVELS_MAX], weapon_levels[WEAPONS_MAX * WEAPONS_MAX];
    uint32_t grids[BREADTHS];     /* by breadth that is there: the grids it is listed in, a bit each */
    int64_t first_slot[LENGTHS], last_slot[LENGTHS]; /* where accounts repeat, by length: in which any ever began */
    size_t claim_bytes;
    char **names; int32_t names_size; /* of sources, by number: what they come after each other by */
    char **claims; int32_t claims_count, chunks_size; /* in chunks, which never move */
    Cell **cells; int32_t cells_made, cells_count, cell_chunks_size, free_cell; /* cells that list nothing are used again */
    int32_t *buckets, buckets_size;          /* the first cell of each, by hash */
    int32_t *heap; int32_t heap_count, heap_size;
    Change *changes; int32_t changes_count, changes_size;
    int32_t *released; int32_t released_count, released_size;
    Spot *spots; int32_t spots_count, spots_size;   /* for the time of one look around: see `gather` */
    int32_t *found, found_size, *near, near_size;
    int64_t looked, compared;     /* claims gone through, and pairs compared in full, since the beginning */
} Groups;

/* Levels, in the order of the ladder within a comparison. */
enum { SAME_POINT, SAME_SPOT, CLOSE, NEAR, SAME_CENTRE, SAME_TOWN, OVERLAPPING, SAME_DISTRICT, SAME_PROVINCE, NEXT_TO };
enum { SAME_MOMENT, SAME_TIME, SAME_HOUR, SAME_PART, WITHIN_HOUR, WITHIN_THREE, WITHIN_WINDOW, SAME_DAY, SAME_DAYS, OTHER_DAY };
enum { LINKS_SHARED, LINKS_OTHER, LINKS_UNSAID };
enum { AGREE, NOBODY, COUNT_UNSAID, COUNT_NEAR, FAR_APART, NOBODY_BY_ONE };

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

static void *grown(void *items, int32_t *size, int32_t wanted, size_t each) {
    if (wanted <= *size) return items;
    int32_t more = *size ? *size : 1; /* most cells list one */
    while (more < wanted) more *= 2;
    void *fresh = realloc(items, (size_t)more * each);
    if (!fresh) abort();
    *size = more;
    return fresh;
}

static void *made(size_t bytes) {
    void *fresh = calloc(1, bytes);
    if (!fresh) abort();
    return fresh;
}

static Claim *claim_of(const Groups *g, int32_t handle) {
    return (Claim *)(g->claims[handle >> CHUNK_BITS] + (size_t)(handle & (CHUNK - 1)) * g->claim_bytes);
}

static const int64_t *links_of(const Claim *c) { return (const int64_t *)c->tail; }
static const char *order_of(const Claim *c) { return c->tail + c->links_count * sizeof(int64_t); }

/* -- the score of a pair ------------------------------------------------------------------------------------------- */

static int time_level(const Claim *a, const Claim *b, const Groups *g) {
    int64_t gap = larger(a->start - b->end, b->start - a->end);
    int64_t longest = larger(a->end - a->start, b->end - b->start);
    if (longest > g->sharp) {
        if (gap > g->window) return NONE;
        if (a->start >= larger(b->end, b->start + 1) || b->start >= larger(a->end, a->start + 1)) return OTHER_DAY;
        return longest <= 25 * HOUR ? SAME_DAY : SAME_DAYS;
    }
    if (gap * 2 > g->window) return NONE;
    if (gap <= HOUR / 4) {
        if (longest > HOUR / 4) return longest <= HOUR ? SAME_HOUR : SAME_PART;
        return gap <= 300 ? SAME_MOMENT : SAME_TIME;
    }
    if (gap <= HOUR) return WITHIN_HOUR;
    return gap <= 3 * HOUR ? WITHIN_THREE : WITHIN_WINDOW;
}

static int place_level(const Claim *a, const Claim *b, const Groups *g) {
    int64_t wide = (int64_t)a->radius + b->radius;
    int64_t apart = distance_m(a->lat, a->lon, b->lat, b->lon);
    int64_t beyond = apart - wide;
    if (beyond > g->distance) return NONE;
    if (wide <= 2500) {
        if (apart <= SAME_POINT_M) return SAME_POINT;
        beyond = apart - larger(wide, 1000);
        return beyond <= 0 ? SAME_SPOT : beyond <= 2000 ? CLOSE : NEAR;
    }
    if (beyond > 0) return NEXT_TO;
    if (wide <= 15000) return apart <= SAME_POINT_M ? SAME_CENTRE : apart * 2 <= wide ? SAME_TOWN : OVERLAPPING;
    return wide <= 50000 ? SAME_DISTRICT : SAME_PROVINCE;
}

static int count_level(const int32_t *a, const int32_t *b) {
    if (a[0] == -1 || b[0] == -1) return COUNT_UNSAID;
    if (a[2] == 0 || b[2] == 0) {
        if (a[2] == b[2]) return NOBODY;
        return larger(a[0], b[0]) > 0 ? NOBODY_BY_ONE : COUNT_NEAR;
    }
    if (a[0] <= b[2] && b[0] <= a[2]) return AGREE;
    return larger(a[1], b[1]) > 2 * smaller(a[1], b[1]) + 1 ? FAR_APART : COUNT_NEAR;
}

static int actor_level(int64_t a, int64_t b) { return a == 0 || b == 0 ? 1 : a == b ? 0 : 2; }

/* Written out, for not every processor that this may run on counts bits. */
static int bits_apart(const Claim *a, const Claim *b) {
    uint64_t bits = a->signature ^ b->signature;
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    return (int)(((bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * 0x0101010101010101u >> 56);
}

static int text_level(const Claim *a, const Claim *b) {
    if (a->script == 0 || a->script != b->script) return 4;
    int bits = bits_apart(a, b);
    return bits <= 8 ? 0 : bits <= 14 ? 1 : bits <= 20 ? 2 : 3;
}

static int links_level(const Claim *a, const Claim *b) {
    if (!a->links_count || !b->links_count) return LINKS_UNSAID;
    for (int i = 0; i < a->links_count; i++)
        for (int j = 0; j < b->links_count; j++)
            if (links_of(a)[i] == links_of(b)[j]) return LINKS_SHARED;
    return LINKS_OTHER;
}

static int says_days(const Groups *g, const Claim *c) { return g->one_a_day && c->end - c->start > g->sharp; }

static int days_alike(const Groups *g, const Claim *a, const Claim *b) {
    if (!says_days(g, b) || a->start != b->start || a->end != b->end) return 0;
    return g->weapon_levels[a->weapon * g->weapons + b->weapon] != NONE && distance_m(a->lat, a->lon, b->lat, b->lon) <= SAME_POINT_M;
}

static int repeats(const Groups *g, const Claim *a, const Claim *b) {
    if (a->kind != b->kind) return 0;
    if (days_alike(g, a, b)) return 1;
    int same_words = a->script != 0 && a->script == b->script && bits_apart(a, b) <= g->repeat_bits;
    if (!same_words && links_level(a, b) != LINKS_SHARED) return 0;
    if (larger(b->start - a->end, a->start - b->end) > g->window) return 0;
    return distance_m(a->lat, a->lon, b->lat, b->lon) <= g->distance + a->radius + b->radius;
}

/* Place, time, weapon and words of the score, or 0 with *fits false where the two exclude each other. */
static int64_t first_part(Groups *g, const Claim *a, const Claim *b, char *fits) {
    g->compared++;
    if (g->repeat_bits != NONE) {
        *fits = (char)repeats(g, a, b);
        return 0;
    }
    *fits = 0;
    if (a->kind != b->kind) return 0;
    int weapon = g->weapon_levels[a->weapon * g->weapons + b->weapon];
    if (weapon == NONE) return 0;
    int time = time_level(a, b, g);
    if (time == NONE) return 0;
    int place = place_level(a, b, g);
    if (place == NONE) return 0;
    *fits = 1;
    const int32_t *w = g->weights, *base = g->base;
    return (int64_t)w[base[PLACE] + place] + w[base[TIME] + time] + w[weapon] + w[base[TEXT] + text_level(a, b)];
}

static int64_t other_part(const Groups *g, const Claim *a, const Claim *b) {
    const int32_t *w = g->weights, *base = g->base;
    return (int64_t)w[base[KILLED] + count_level(a->killed, b->killed)] + w[base[INJURED] + count_level(a->injured, b->injured)]
        + w[base[BY] + actor_level(a->by, b->by)] + w[base[AGAINST] + actor_level(a->against, b->against)]
        + w[base[LINKS] + links_level(a, b)];
}

/* The most that the other part of a score can be: what rules most pairs out is known before. */
static int64_t other_most(const Groups *g, const Claim *c) {
    return g->most + (c->links_count ? g->links_most : g->weights[g->base[LINKS] + LINKS_UNSAID]);
}

/* Whether two are worth a closer look, where no more is known of them than that they have a key in common. A metre is a little
   less than nine microdegrees. */
static int worth(const Groups *g, const Claim *c, const Claim *other) {
    if (other->start - c->end > g->window || c->start - other->end > g->window) return 0;
    int64_t reach = (larger(g->distance, SAME_POINT_M) + c->radius + other->radius + 2) * 9;
    int64_t north = (int64_t)other->lat - c->lat;
    if (north > reach || north < -reach) return 0;
    return east_e6(c->lat, c->lon, other->lat, other->lon) <= reach;
}

static int64_t step_of(int64_t angle) { return floor_div(angle * TURN_STEPS, TURN); }

/* At least as many as some metres are. */
static int64_t steps_in(int64_t metres) { return metres * 9 * TURN_STEPS / TURN + 1; }

/* The upper bits of the canonical order, as ranks have them. */
static uint16_t rank_from(const Claim *c) { return (uint16_t)(smaller((int64_t)(c->order_high >> 48), 0xFFFF >> ORDER_BIT) << ORDER_BIT); }

static void write_brief(Block *block, int lane, const Claim *c) {
    int64_t start = floor_div(c->start, MOMENT_S);
    block->of[START][lane] = (uint16_t)start;
    block->of[SPAN][lane] = (uint16_t)(-floor_div(-c->end, MOMENT_S) - start);
    block->of[RADIUS][lane] = (uint16_t)smaller(steps_in(c->radius), STEPS_MAX);
    block->of[LAT][lane] = (uint16_t)step_of(c->lat);
    block->of[LON][lane] = (uint16_t)step_of(c->lon);
    block->of[WEAPON][lane] = (uint16_t)(1u << c->weapon);
    block->of[RANK][lane] = (uint16_t)(rank_from(c) | c->kind << KIND_BIT | c->listed << LISTED_BIT);
}

/* What claims in brief are held to where somebody looks for what may fit: of some weapons and one kind, and of a part of the order. */
typedef struct { uint16_t start, end, reach, lat, lon, weapons, kind, first, last; } Probe;

static Probe probe_of(const Groups *g, const Claim *c) {
    Probe p = { .start = (uint16_t)floor_div(c->start, MOMENT_S), .end = (uint16_t)-floor_div(-c->end, MOMENT_S),
                .reach = (uint16_t)smaller(steps_in(larger(g->distance, SAME_POINT_M) + c->radius + 2) + 1, STEPS_MAX),
                .lat = (uint16_t)step_of(c->lat), .lon = (uint16_t)step_of(c->lon), .kind = (uint16_t)(c->kind << KIND_BIT),
                .last = 0xFFFF };
    for (int weapon = 0; weapon < g->weapons; weapon++)
        if (g->weapon_levels[c->weapon * g->weapons + weapon] != NONE) p.weapons |= (uint16_t)(1u << weapon);
    return p;
}

static Lanes all(int64_t number) {
    uint16_t n = (uint16_t)number;
    return (Lanes){ n, n, n, n, n, n, n, n };
}

static Lanes column(const Block *block, int which) {
    Lanes lanes;
    memcpy(&lanes, block->of[which], sizeof lanes);
    return lanes;
}

/* All bits of a lane where nothing but east or west may rule it out. `window`: in moments. */
static Lanes suiting(const Probe *p, const Block *block, int64_t window) {
    Lanes start = column(block, START), rank = column(block, RANK);
    Signed north = (Signed)(column(block, LAT) - all(p->lat)), south = (Signed)(north < (Signed)all(0));
    Lanes suits = (Lanes)((Signed)(start - all(p->end)) <= (Signed)all(window));
    suits &= (Lanes)((Signed)(all(p->start) - start - column(block, SPAN)) <= (Signed)all(window));
    suits &= (Lanes)((Lanes)((north ^ south) - south) <= column(block, RADIUS) + all(p->reach));
    suits &= (Lanes)((column(block, WEAPON) & all(p->weapons)) != all(0));
    suits &= (Lanes)((rank & all((KINDS_MAX - 1) << KIND_BIT)) == all(p->kind));
    return suits & (Lanes)(rank >= all(p->first)) & (Lanes)(rank <= all(p->last));
}

/* Whether one is not too far to the east or west either. Angles are less than a step greater than what is kept of them. */
static int reaches(const Probe *p, const Block *block, int lane) {
    int32_t both = (int16_t)block->of[LAT][lane] + (int16_t)p->lat, east = (int16_t)(uint16_t)(block->of[LON][lane] - p->lon);
    int32_t furthest = ((both < 0 ? -both : both) + 2) * STEP / 20000;
    int64_t least = (east < 0 ? -east : east) - 1;
    return least * truce_cosines[smaller(furthest, 9000)] >> 16 <= block->of[RADIUS][lane] + p->reach;
}

/* -- canonical order ----------------------------------------------------------------------------------------------- */

/* Of one source, where one order goes on where the other ends: its report id does, or it is the one with a spelling. */
static int beyond(const Groups *g, const Claim *longer, const Claim *shorter) {
    const char *rest = order_of(longer) + shorter->order_length;
    return *rest ? 1 : strcmp(rest + 1, g->names[longer->source]);
}

static int compared(const Groups *g, const Claim *a, const Claim *b) {
    if (a->order_high != b->order_high) return a->order_high < b->order_high ? -1 : 1;
    if (a->source != b->source) return strcmp(g->names[a->source], g->names[b->source]);
    int32_t shared = a->order_length < b->order_length ? a->order_length : b->order_length;
    int low = memcmp(order_of(a), order_of(b), (size_t)shared);
    if (low || a->order_length == b->order_length) return low;
    return a->order_length > b->order_length ? beyond(g, a, b) : -beyond(g, b, a);
}

static int before(const Groups *g, int32_t a, int32_t b) { return compared(g, claim_of(g, a), claim_of(g, b)) < 0; }

static int voices_of(const Claim *anchor) { return anchor->company ? anchor->company->voices_count : 0; }

/* How well a claim fits what comes before it in a group: the mean over the anchor and its voices. *fits where that is at least
   `least`; otherwise nothing is said of it. */
static int32_t group_score(Groups *g, const Claim *anchor, const Claim *c, int64_t least, char *fits) {
    const Claim *fitting[1 + VOICES_MAX];
    int64_t total = first_part(g, anchor, c, fits), count = 1, most = other_most(g, c);
    int fitting_count = 1;
    if (!*fits || g->repeat_bits != NONE) return 0;
    fitting[0] = anchor;
    for (int at = 0; at < voices_of(anchor); at++) {
        const Claim *voice = claim_of(g, anchor->company->voices[at]);
        if (compared(g, voice, c) >= 0) break;
        char voice_fits;
        int64_t part = first_part(g, voice, c, &voice_fits);
        total += voice_fits ? part : EXCLUDED;
        if (voice_fits) fitting[fitting_count++] = voice;
        count++;
    }
    *fits = total + fitting_count * most >= least * count;
    if (!*fits) return 0;
    for (int at = 0; at < fitting_count; at++) total += other_part(g, fitting[at], c);
    *fits = total >= least * count;
    return *fits ? (int32_t)floor_div(total, count) : 0;
}

static void push(Groups *g, int32_t handle) {
    Claim *claim = claim_of(g, handle);
    if (claim->queued) return;
    claim->queued = 1;
    g->heap = grown(g->heap, &g->heap_size, g->heap_count + 1, sizeof(int32_t));
    int32_t at = g->heap_count++;
    while (at > 0) {
        int32_t parent = (at - 1) / 2;
        if (!before(g, handle, g->heap[parent])) break;
        g->heap[at] = g->heap[parent];
        at = parent;
    }
    g->heap[at] = handle;
}

static int32_t pop(Groups *g) {
    int32_t top = g->heap[0], last = g->heap[--g->heap_count], at = 0;
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= g->heap_count) break;
        if (child + 1 < g->heap_count && before(g, g->heap[child + 1], g->heap[child])) child++;
        if (!before(g, g->heap[child], last)) break;
        g->heap[at] = g->heap[child];
        at = child;
    }
    g->heap[at] = last;
    return top;
}

/* Groups hold one claim a source, or any number of accounts of one. */
static int32_t key_of(const Groups *g, int32_t handle) { return g->repeat_bits == NONE ? claim_of(g, handle)->source : handle; }

/* -- the company of an anchor --------------------------------------------------------------------------------------- */

static int32_t slot_of(const Company *m, int32_t source) { return (int32_t)(((uint32_t)source * 2654435769u) & (uint32_t)(m->size - 1)); }

/* Who holds the place of a source in a group; an anchor that is alone holds its own. */
static int32_t member(const Groups *g, int32_t anchor, int32_t source) {
    const Company *m = claim_of(g, anchor)->company;
    if (!m) return source == key_of(g, anchor) ? anchor : NONE;
    for (int32_t at = slot_of(m, source);; at = (at + 1) & (m->size - 1)) {
        if (m->slots[at].handle == NONE) return NONE;
        if (m->slots[at].source == source) return m->slots[at].handle;
    }
}

static void set_member(Company *m, int32_t source, int32_t handle);

static void resize_members(Company *m, int32_t size) {
    Company old = *m;
    m->slots = made((size_t)size * sizeof(Member));
    m->size = size;
    m->count = 0;
    for (int32_t at = 0; at < size; at++) m->slots[at].handle = NONE;
    for (int32_t at = 0; at < old.size; at++)
        if (old.slots[at].handle != NONE) set_member(m, old.slots[at].source, old.slots[at].handle);
    free(old.slots);
}

static void set_member(Company *m, int32_t source, int32_t handle) {
    if (m->count * 4 >= m->size * 3) resize_members(m, m->size ? m->size * 2 : 4);
    int32_t at = slot_of(m, source);
    while (m->slots[at].handle != NONE && m->slots[at].source != source) at = (at + 1) & (m->size - 1);
    m->count += m->slots[at].handle == NONE;
    m->slots[at] = (Member){ source, handle };
}

static void drop_member(Company *m, int32_t source) {
    int32_t mask = m->size - 1, hole = slot_of(m, source);
    while (m->slots[hole].source != source || m->slots[hole].handle == NONE) hole = (hole + 1) & mask;
    m->count--;
    for (int32_t at = (hole + 1) & mask; m->slots[at].handle != NONE; at = (at + 1) & mask)
        /* Whoever may not stand behind the hole stays; the others move up, so that no search breaks off. */
        if (((at - slot_of(m, m->slots[at].source)) & mask) >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    m->slots[hole].handle = NONE;
}

static void disband(Claim *anchor) {
    if (anchor->company) free(anchor->company->slots);
    free(anchor->company);
    anchor->company = NULL;
}

/* -- cells: see `streams.core.cells` and `streams.core.neighbourhood` ----------------------------------------------- */

static int length_of(const Groups *g, const Claim *c) {
    int length = 0;
    while (length < LENGTHS - 1 && c->end - c->start > g->span_max[length]) length++;
    return length;
}

static int breadth_of(const Groups *g, const Claim *c) {
    int size = 0;
    while (size < SIZES - 1 && c->radius > g->radius_max[size]) size++;
    return size * LENGTHS + length_of(g, c);
}

static int grid_of(int a, int b) {
    int size = a / LENGTHS > b / LENGTHS ? a / LENGTHS : b / LENGTHS;
    int length = a % LENGTHS > b % LENGTHS ? a % LENGTHS : b % LENGTHS;
    return size * LENGTHS + length;
}

static uint64_t mixed(uint64_t one, uint64_t other) {
    uint64_t both = (one * 0x9E3779B97F4A7C15u ^ (other + 0x165667B19E3779F9u)) * 0xFF51AFD7ED558CCDu;
    both = (both ^ (both >> 32)) * 0xC2B2AE3D27D4EB4Fu;
    return both ^ (both >> 29);
}

static Cell *cell_at(const Groups *g, int32_t number) { return &g->cells[number >> CHUNK_BITS][number & (CHUNK - 1)]; }

/* One slot after the other of a row and a column stand side by side: see `key_at`. */
static int32_t *bucket_of(const Groups *g, uint64_t key) {
    return &g->buckets[(mixed(key & ((1ull << SLOT_BIT) - 1), 0) + (key >> SLOT_BIT)) & (uint64_t)(g->buckets_size - 1)];
}

static void spread_cells(Groups *g) {
    free(g->buckets);
    g->buckets_size = g->buckets_size ? g->buckets_size * 2 : 1024;
    g->buckets = made((size_t)g->buckets_size * sizeof(int32_t));
    memset(g->buckets, 0xFF, (size_t)g->buckets_size * sizeof(int32_t));
    for (int32_t number = 0; number < g->cells_made; number++) {
        Cell *cell = cell_at(g, number);
        if (!cell->count) continue;
        int32_t *bucket = bucket_of(g, cell->key);
        cell->next = *bucket;
        *bucket = number;
    }
}

/* Two stand in the cell itself; more in so many bytes as the allocator gives whole. */
static int32_t capacity(int room) { return (1 << room) - 2; }

static int32_t *handles_of(Cell *cell) { return cell->room > FEW ? cell->handles.many : cell->handles.few; }

/* So many blocks have lanes for that many. */
static int32_t blocks_in(int32_t count) { return (count + LANES - 1) / LANES; }

static void resize_cell(Cell *cell, uint8_t room) {
    int32_t *old = handles_of(cell);
    if (room > FEW) {
        int32_t *many = realloc(cell->room > FEW ? old : NULL, (size_t)capacity(room) * sizeof(int32_t));
        if (!many) abort();
        if (cell->room <= FEW) memcpy(many, cell->handles.few, sizeof cell->handles.few);
        cell->handles.many = many;
    } else {
        memcpy(cell->handles.few, old, sizeof cell->handles.few);
        free(old);
    }
    int32_t had = blocks_in(capacity(cell->room)), blocks = blocks_in(capacity(room));
    cell->room = room;
    if (!cell->blocks || blocks == had) return;
    cell->blocks = realloc(cell->blocks, (size_t)blocks * sizeof(Block));
    if (!cell->blocks) abort();
    if (blocks > had) memset(cell->blocks + had, 0, (size_t)(blocks - had) * sizeof(Block));
}

static void append(const Groups *g, Cell *cell, int32_t handle) {
    if (cell->count == capacity(cell->room)) resize_cell(cell, cell->room + 1);
    if (cell->blocks) write_brief(&cell->blocks[cell->count / LANES], cell->count % LANES, claim_of(g, handle));
    handles_of(cell)[cell->count++] = handle;
}

/* Write over one with another. */
static void put(Cell *cell, int32_t at, int32_t other) {
    handles_of(cell)[at] = handles_of(cell)[other];
    for (int which = 0; cell->blocks && which < COLUMNS; which++)
        cell->blocks[at / LANES].of[which][at % LANES] = cell->blocks[other / LANES].of[which][other % LANES];
}

static void drop_cell(Groups *g, Cell *cell) {
    int32_t *link = bucket_of(g, cell->key);
    while (cell_at(g, *link) != cell) link = &cell_at(g, *link)->next;
    int32_t number = *link;
    *link = cell->next;
    free(cell->blocks);
    cell->next = g->free_cell;
    g->free_cell = number;
    g->cells_count--;
}

/* Slots, rows and columns are few enough that one number tells them apart: see `add`. */
static uint64_t key_at(int grid, int breadth, int64_t slot, int64_t row, int64_t column) {
    return (uint64_t)slot << SLOT_BIT | ((uint64_t)row & 0x1FFF) << 20 | (uint64_t)column << 8 | (uint64_t)(grid << 4 | breadth);
}

static int grid_in(uint64_t key) { return (int)(key >> 4 & 0xF); }

static int64_t piece_of(const Claim *c, int piece) { return (int64_t)(c->signature >> (piece * PIECE_BITS) & ((1u << PIECE_BITS) - 1)); }

/* Where accounts repeat: what one says under a key, kept by when it is. */
static uint64_t said_of(const Claim *c, int key) {
    if (key < LINKS_MAX) return mixed((uint64_t)links_of(c)[key], (uint64_t)c->source);
    if (key == SAME_SPAN) return mixed(mixed((uint64_t)c->start, (uint64_t)c->end), (uint64_t)c->source);
    return (uint64_t)c->source << PIECE_BITS | (uint64_t)piece_of(c, key - LINKS_MAX);
}

static Spot said_spot(uint64_t said, int key, int length, int64_t slot) {
    return (Spot){ mixed(said, (uint64_t)slot), (uint8_t)(key < LINKS_MAX ? 0 : key), (uint8_t)length, 0 };
}

static Spot spot_of(const Groups *g, const Claim *c, int grid) {
    if (g->repeat_bits != NONE) {
        int length = length_of(g, c);
        return said_spot(said_of(c, grid), grid, length, floor_div(c->start, g->slot[length]));
    }
    int64_t side = g->side[grid / LENGTHS], columns = 360000000 / side;
    int64_t column = floor_div(c->lon, side) % columns, slot = floor_div(c->start, g->slot[grid % LENGTHS]);
    uint64_t key = key_at(grid, c->breadth, slot, floor_div(c->lat, side), column < 0 ? column + columns : column);
    return (Spot){ key, 0, 0, 0 };
}

/* The cell that lists those anchors of its group that may not take members in a cell. */
static Spot shut_spot(const Groups *g, const Claim *c, Spot spot) {
    if (g->repeat_bits != NONE) return (Spot){ spot.key, spot.kind, spot.weapon, SHUT };
    return (Spot){ spot.key, c->kind, c->weapon, SHUT | c->listed };
}

/* The grids that a claim is listed in, or its keys, a bit each. */
static uint32_t grids_of(const Groups *g, const Claim *c) {
    if (g->repeat_bits == NONE) return c->breadth == NONE ? 0 : g->grids[c->breadth];
    if (c->forgotten) return 0;
    uint32_t pieces = c->script ? ((1u << PIECES) - 1) << LINKS_MAX : 0;
    return ((1u << c->links_count) - 1) | pieces | (says_days(g, c) ? 1u << SAME_SPAN : 0);
}

/* Whether two meet in a grid of the first. */
static int meets(const Groups *g, const Claim *a, const Claim *b, int grid) {
    if (g->repeat_bits == NONE) return grid_of(a->breadth, b->breadth) == grid;
    if (grid == SAME_SPAN) return a->start == b->start && a->end == b->end;
    if (grid >= LINKS_MAX) return b->script && piece_of(a, grid - LINKS_MAX) == piece_of(b, grid - LINKS_MAX);
    for (int at = 0; at < b->links_count; at++)
        if (links_of(b)[at] == links_of(a)[grid]) return 1;
    return 0;
}

/* The bit of a grid that another has in common with a claim: a link stands at another place among its own links. */
static int same_key(const Groups *g, int32_t handle, const Opened *other) {
    if (g->repeat_bits == NONE || other->grid >= LINKS_MAX) return other->grid;
    const Claim *c = claim_of(g, handle), *o = claim_of(g, other->anchor);
    int at = 0;
    while (links_of(o)[at] != links_of(c)[other->grid]) at++;
    return at;
}

/* Of a bucket from `number` on, the number of the cell. */
static int32_t cell_from(const Groups *g, int32_t number, Spot spot) {
    for (; number != NONE; number = cell_at(g, number)->next) {
        const Cell *cell = cell_at(g, number);
        if (cell->key == spot.key && cell->kind == spot.kind && cell->weapon == spot.weapon && cell->listed == spot.listed) break;
    }
    return number;
}

/* The cell in which a claim is listed in a grid. */
static Cell *cell_of(const Groups *g, Spot spot) {
    int32_t number = cell_from(g, *bucket_of(g, spot.key), spot);
    return number == NONE ? NULL : cell_at(g, number);
}

static Cell *fresh_cell(Groups *g, Spot spot) {
    if (g->cells_count >= g->buckets_size) spread_cells(g);
    int32_t *bucket = bucket_of(g, spot.key), number = g->free_cell;
    if (number == NONE) {
        number = g->cells_made++;
        g->cells = grown(g->cells, &g->cell_chunks_size, (number >> CHUNK_BITS) + 1, sizeof *g->cells);
        if (!(number & (CHUNK - 1))) g->cells[number >> CHUNK_BITS] = made(CHUNK * sizeof(Cell));
    } else g->free_cell = cell_at(g, number)->next;
    Cell *cell = cell_at(g, number);
    *cell = (Cell){ .key = spot.key, .next = *bucket, .kind = spot.kind, .weapon = spot.weapon, .listed = spot.listed, .room = FEW };
    *bucket = number;
    g->cells_count++;
    return cell;
}

/* Of those that are no open anchors the last takes its place. */
static void take_from(Groups *g, Cell *cell, int32_t at) {
    put(cell, at, --cell->count);
    if (cell->room > FEW && cell->count * 2 <= capacity(cell->room - 1)) resize_cell(cell, cell->room - 1);
    if (!cell->count) drop_cell(g, cell);
}

/* Where one stands in a cell that is no open anchor there: most look for what came last. */
static int32_t place_of(Groups *g, Cell *cell, int32_t handle) {
    const int32_t *handles = handles_of(cell);
    int32_t at = cell->count - 1;
    while (handles[at] != handle) at--;
    g->looked += cell->count - at;
    return at;
}

/* Where an open anchor stands in a cell, or NONE. */
static int32_t open_place_of(Cell *cell, int32_t handle) {
    for (int32_t at = 0; at < cell->open; at++)
        if (handles_of(cell)[at] == handle) return at;
    return NONE;
}

static void swap(const Groups *g, Cell *cell, int32_t one, int32_t other) {
    int32_t handle = handles_of(cell)[one];
    put(cell, one, other);
    handles_of(cell)[other] = handle;
    if (cell->blocks) write_brief(&cell->blocks[other / LANES], other % LANES, claim_of(g, handle));
}

static Spot own_spot(int32_t source, int length, int64_t slot) {
    return (Spot){ (uint64_t)source << 33 | ((uint64_t)slot & 0x7FFFFFFF) << 2 | (uint64_t)length, OWN, 0, 0 };
}

static Spot own_spot_of(const Groups *g, const Claim *c) {
    int length = c->breadth % LENGTHS;
    return own_spot(c->source, length, floor_div(c->start, g->slot[length]));
}

static void list_claim(Groups *g, int32_t handle, Spot spot) {
    Cell *cell = cell_of(g, spot);
    if (!cell) {
        cell = fresh_cell(g, spot);
        if (g->repeat_bits == NONE && spot.kind != OWN && !(spot.listed & SHUT)) cell->blocks = made(blocks_in(FEW) * sizeof(Block));
    }
    append(g, cell, handle);
}

/* The place of an anchor among those that are shut, in canonical order. */
static int32_t rank_of(const Groups *g, Cell *shut, int32_t handle) {
    const int32_t *handles = handles_of(shut);
    int32_t low = 0, high = shut->count;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (before(g, handles[middle], handle)) low = middle + 1; else high = middle;
    }
    return low;
}

static void list_shut(Groups *g, int32_t handle, Spot spot) {
    list_claim(g, handle, spot);
    Cell *shut = cell_of(g, spot);
    shut->count--;
    int32_t rank = rank_of(g, shut, handle), *handles = handles_of(shut);
    memmove(handles + rank + 1, handles + rank, (size_t)(shut->count++ - rank) * sizeof(int32_t));
    handles[rank] = handle;
}

static void unlist_shut(Groups *g, Cell *shut, int32_t rank) {
    int32_t *handles = handles_of(shut);
    memmove(handles + rank, handles + rank + 1, (size_t)(shut->count - 1 - rank) * sizeof(int32_t));
    take_from(g, shut, shut->count - 1);
}

/* Whether one that a cell lists is of the same kind and weapon as a claim, and terms list the sources of both or of neither.
   Accounts of one source that repeat each other are of one group, whatever they tell of. */
static int same_group(const Cell *cell, int32_t at, const Claim *c) {
    if (!cell->blocks) return 1;
    const Block *block = &cell->blocks[at / LANES];
    int lane = at % LANES, rank = block->of[RANK][lane] & ((1 << ORDER_BIT) - 1);
    return block->of[WEAPON][lane] == 1u << c->weapon && rank == (c->kind << KIND_BIT | c->listed << LISTED_BIT);
}

/* Where the last of the open anchors of a claim's group stands in a cell, or NONE where there is room for one more. */
static int32_t last_open(const Groups *g, Cell *cell, const Claim *c) {
    int64_t count = 0;
    if (cell->open < g->anchors_max) return NONE;
    for (int32_t at = 0; at < cell->open; at++) count += same_group(cell, at, c);
    if (count < g->anchors_max) return NONE;
    const int32_t *handles = handles_of(cell);
    int32_t last = NONE;
    for (int32_t at = 0; at < cell->open; at++)
        if (same_group(cell, at, c) && (last == NONE || before(g, handles[last], handles[at]))) last = at;
    return last;
}

/* One that is listed in a cell is an anchor there. Gives whether it may take members, and in `closed` which no longer may. */
static int list_anchor(Groups *g, int32_t handle, int grid, int32_t *closed) {
    const Claim *c = claim_of(g, handle);
    Spot spot = spot_of(g, c, grid), shut = shut_spot(g, c, spot);
    Cell *cell = cell_of(g, spot);
    int32_t last = last_open(g, cell, c);
    *closed = NONE;
    if (last != NONE) {
        int32_t other = handles_of(cell)[last];
        if (before(g, other, handle)) {
            list_shut(g, handle, shut);
            return 0;
        }
        swap(g, cell, last, --cell->open);
        list_shut(g, other, shut);
        *closed = other;
    }
    swap(g, cell, place_of(g, cell, handle), cell->open++);
    return 1;
}

/* One is no anchor any more in a cell, and not listed there unless it is `staying`. Gives which may take members now. */
static int32_t unlist_anchor(Groups *g, int32_t handle, int grid, int staying) {
    const Claim *c = claim_of(g, handle);
    Spot spot = spot_of(g, c, grid);
    Cell *cell = cell_of(g, spot), *shut = cell_of(g, shut_spot(g, c, spot));
    int32_t at = open_place_of(cell, handle), opened = NONE;
    if (at == NONE) {
        unlist_shut(g, shut, rank_of(g, shut, handle));
        if (!staying) take_from(g, cell, place_of(g, cell, handle));
        return NONE;
    }
    swap(g, cell, at, --cell->open);
    if (shut) {
        opened = handles_of(shut)[0];
        unlist_shut(g, shut, 0);
        int32_t place = place_of(g, cell, opened);
        /* What is no anchor any more stands where the open ones end. */
        at = cell->open;
        swap(g, cell, place, at);
        cell->open++;
        at = place;
    } else at = cell->open;
    if (!staying) take_from(g, cell, at);
    return opened;
}

/* The first claim of a breadth: what is there is listed in the grids where it meets it, too. */
static void begin_breadth(Groups *g, int breadth) {
    uint32_t before_grids[BREADTHS];
    memcpy(before_grids, g->grids, sizeof before_grids);
    g->grids[breadth] |= 1u << breadth;
    for (int other = 0; other < BREADTHS; other++)
        if (g->grids[other]) {
            g->grids[breadth] |= 1u << grid_of(breadth, other);
            g->grids[other] |= 1u << grid_of(breadth, other);
        }
    for (int32_t handle = 0; handle < g->claims_count; handle++) {
        const Claim *c = claim_of(g, handle);
        if (!c->used || c->gone || c->breadth == NONE || c->breadth == breadth) continue;
        for (int grid = 0; grid < BREADTHS; grid++)
            if ((g->grids[c->breadth] & ~before_grids[c->breadth]) >> grid & 1) {
                list_claim(g, handle, spot_of(g, c, grid));
                int32_t closed;
                if (c->anchor == handle) list_anchor(g, handle, grid, &closed);
            }
    }
}

/* Whether it is listed among the claims of its source. */
static int is_own(const Groups *g, const Claim *c) { return g->repeat_bits == NONE && c->breadth != NONE; }

static void index_claim(Groups *g, int32_t handle) {
    const Claim *c = claim_of(g, handle);
    if (is_own(g, c) && !g->grids[c->breadth]) begin_breadth(g, c->breadth);
    if (g->repeat_bits != NONE) {
        int length = length_of(g, c);
        int64_t slot = floor_div(c->start, g->slot[length]);
        g->first_slot[length] = smaller(g->first_slot[length], slot);
        g->last_slot[length] = larger(g->last_slot[length], slot);
    }
    uint32_t grids = grids_of(g, c);
    for (int grid = 0; grids >> grid; grid++)
        if (grids >> grid & 1) list_claim(g, handle, spot_of(g, c, grid));
    if (is_own(g, c)) list_claim(g, handle, own_spot_of(g, c));
}

static void unlist(Groups *g, int32_t handle, Spot spot) {
    Cell *cell = cell_of(g, spot);
    take_from(g, cell, place_of(g, cell, handle));
}

/* Take one that is no anchor out of its cells. */
static void unlist_claim(Groups *g, int32_t handle) {
    uint32_t grids = grids_of(g, claim_of(g, handle));
    for (int grid = 0; grids >> grid; grid++)
        if (grids >> grid & 1) unlist(g, handle, spot_of(g, claim_of(g, handle), grid));
}

/* Columns of cells within reach; the world is round, and meridians come together towards the poles. */
static int64_t columns_near(int64_t lat, int64_t lon, int64_t reach, int64_t side, int64_t *first) {
    int64_t count = 360000000 / side, furthest = (lat < 0 ? -lat : lat) + reach;
    /* A cell too many costs a look-up and changes nothing, so floats will do here. */
    double shrink = furthest < 90000000 ? cos((double)furthest / 1e6 * 0.017453292519943295) : 0.0;
    *first = 0;
    if (shrink * (double)count * (double)side <= 2.0 * (double)reach) return count;
    int64_t wide = (int64_t)((double)reach / shrink) + 1;
    *first = floor_div(lon - wide, side);
    int64_t columns = floor_div(lon + wide, side) - *first + 1;
    if (columns < count) return columns;
    *first = 0;
    return count;
}

static void ask(Groups *g, Spot spot) {
    g->spots = grown(g->spots, &g->spots_size, g->spots_count + 1, sizeof(Spot));
    g->spots[g->spots_count++] = spot;
    __builtin_prefetch(bucket_of(g, spot.key));
}

/* Ask for the cells of one breadth that may list what fits a claim. */
static void ask_breadth(Groups *g, const Claim *c, int breadth, int grid) {
    int64_t side = g->side[grid / LENGTHS], slot_s = g->slot[grid % LENGTHS], count = 360000000 / side;
    int64_t reach = (g->distance + c->radius + g->radius_max[breadth / LENGTHS]) * 1000000 / M_PER_DEGREE + 1;
    int64_t south = larger(c->lat - reach, -90000000), north = smaller(c->lat + reach, 90000000);
    int64_t window = grid % LENGTHS == 0 ? g->window / 2 : g->window;
    int64_t first_slot = floor_div(c->start - window - g->span_max[breadth % LENGTHS], slot_s);
    int64_t last_slot = floor_div(c->end + window, slot_s), last_row = floor_div(north, side);
    int64_t first_column, columns = columns_near(c->lat, c->lon, reach, side, &first_column);
    for (int64_t row = floor_div(south, side); row <= last_row; row++)
        for (int64_t column = first_column; column < first_column + columns; column++) {
            int64_t round = column % count;
            for (int64_t slot = first_slot; slot <= last_slot; slot++)
                ask(g, (Spot){ key_at(grid, breadth, slot, row, round < 0 ? round + count : round), 0, 0, 0 });
        }
}

/* Ask for the cells of one length that may list what repeats a claim, or what it repeats. */
static void ask_length(Groups *g, const Claim *c, uint32_t keys, int length) {
    int64_t first = larger(g->first_slot[length], floor_div(c->start - g->window - g->span_max[length], g->slot[length]));
    int64_t last = smaller(g->last_slot[length], floor_div(c->end + g->window, g->slot[length]));
    if (first > last) return;
    for (int key = 0; keys >> key; key++) {
        if (!(keys >> key & 1)) continue;
        uint64_t said = said_of(c, key);
        for (int64_t slot = first; slot <= last; slot++) ask(g, said_spot(said, key, length, slot));
    }
}

/* Note one of a cell in `near`; it is fetched while others are looked for. */
static int32_t note(Groups *g, int32_t count, int32_t handle) {
    const char *claim = (const char *)claim_of(g, handle);
    __builtin_prefetch(claim);
    __builtin_prefetch(claim + 64);
    g->near[count] = handle;
    return count + 1;
}

/* The claims in some cells that may be within reach, in `near`; of anchors the `open` ones. Memory is slow and a claim looks into
   many cells, so each is fetched while others are looked for. */
static int32_t look_into(Groups *g, const Probe *p, int open) {
    int32_t cells = 0, count = 0;
    g->found = grown(g->found, &g->found_size, g->spots_count, sizeof(int32_t));
    for (int32_t at = 0; at < g->spots_count; at++) {
        g->found[at] = *bucket_of(g, g->spots[at].key);
        if (g->found[at] != NONE) __builtin_prefetch(cell_at(g, g->found[at]));
    }
    for (int32_t at = 0; at < g->spots_count; at++) {
        int32_t number = cell_from(g, g->found[at], g->spots[at]);
        if (number == NONE) continue;
        Cell *cell = cell_at(g, number);
        __builtin_prefetch(handles_of(cell));
        __builtin_prefetch(cell->blocks);
        g->found[cells++] = number;
    }
    for (int32_t at = 0; at < cells; at++) {
        Cell *cell = cell_at(g, g->found[at]);
        int32_t listed = open ? cell->open : cell->count;
        g->looked += listed;
        g->near = grown(g->near, &g->near_size, count + listed, sizeof(int32_t));
        if (!cell->blocks) {
            for (int32_t one = 0; one < listed; one++) count = note(g, count, handles_of(cell)[one]);
            continue;
        }
        int64_t window = (grid_in(cell->key) % LENGTHS == 0 ? g->window / 2 : g->window) / MOMENT_S;
        for (int32_t first = 0; first < listed; first += LANES) {
            const Block *block = &cell->blocks[first / LANES];
            Lanes suits = suiting(p, block, window);
            uint64_t halves[2];
            memcpy(halves, &suits, sizeof halves);
            for (int half = 0; half < 2; half++)
                while (halves[half]) {
                    int bit = __builtin_ctzll(halves[half]), lane = half * LANES / 2 + bit / 16;
                    halves[half] &= ~(0xFFFFull << bit);
                    if (first + lane < listed && reaches(p, block, lane)) count = note(g, count, handles_of(cell)[first + lane]);
                }
        }
    }
    return count;
}

/* What may fit a claim in the grids whose bits are set, in `near`. Where accounts repeat, by keys. */
static int32_t gather(Groups *g, const Claim *c, uint32_t grids, const Probe *probe, int open) {
    g->spots_count = 0;
    if (g->repeat_bits != NONE) {
        uint32_t keys = grids_of(g, c) & grids;
        for (int length = 0; length < LENGTHS; length++) ask_length(g, c, keys, length);
    } else for (int breadth = 0; c->breadth != NONE && breadth < BREADTHS; breadth++) {
        int grid = grid_of(c->breadth, breadth);
        if (g->grids[breadth] && grids >> grid & 1) ask_breadth(g, c, breadth, grid);
    }
    return look_into(g, probe, open);
}

/* -- anchoring: see `streams.core.anchoring` ----------------------------------------------------------------------- */

static void changed(Groups *g, int32_t anchor, int32_t thing, int joined) {
    g->changes = grown(g->changes, &g->changes_size, g->changes_count + 1, sizeof(Change));
    g->changes[g->changes_count++] = (Change){ anchor, thing, joined };
}

static void release_handle(Groups *g, int32_t handle) {
    Claim *c = claim_of(g, handle);
    free(c->tail);
    disband(c);
    memset(c, 0, g->claim_bytes);
    g->released = grown(g->released, &g->released_size, g->released_count + 1, sizeof(int32_t));
    g->released[g->released_count++] = handle;
}

/* A group whose every claim is forgotten is nobody's business any more. */
static void release_group(Groups *g, int32_t anchor) {
    const Company *m = claim_of(g, anchor)->company;
    for (int32_t at = 0; m && at < m->size; at++)
        if (m->slots[at].handle != NONE && m->slots[at].handle != anchor) release_handle(g, m->slots[at].handle);
    release_handle(g, anchor);
}

static void enter_group(Groups *g, int32_t anchor, int32_t handle) {
    Claim *a = claim_of(g, anchor);
    claim_of(g, handle)->anchor = anchor;
    if (handle == anchor) return;
    if (!a->company) {
        a->company = made(sizeof(Company));
        set_member(a->company, key_of(g, anchor), anchor);
        a->company->alive = !a->forgotten;
    }
    set_member(a->company, key_of(g, handle), handle);
    a->company->alive += !claim_of(g, handle)->forgotten;
}

static void quit_group(Groups *g, int32_t anchor, int32_t handle) {
    Claim *a = claim_of(g, anchor), *c = claim_of(g, handle);
    c->anchor = NONE;
    if (handle == anchor) {
        disband(a);
        return;
    }
    drop_member(a->company, key_of(g, handle));
    a->company->alive -= !c->forgotten;
}

/* What a group must come up to for a claim to prefer it to what it has. */
static int64_t least_of(const Groups *g, int32_t handle) {
    const Claim *c = claim_of(g, handle);
    return c->anchor == handle ? g->threshold : c->score;
}

/* Whether a group would suit a claim better than what it has, and has room for it. */
static int suits_better(Groups *g, int32_t anchor, int32_t handle) {
    const Claim *a = claim_of(g, anchor), *c = claim_of(g, handle);
    if (a->source == c->source && g->repeat_bits == NONE) return 0;
    char fits;
    int32_t score = group_score(g, a, c, least_of(g, handle), &fits);
    if (!fits) return 0;
    if (c->anchor != handle && score == c->score && !before(g, anchor, c->anchor)) return 0;
    /* Where an earlier one of its source has its place, it is told when that goes. */
    int32_t holder = member(g, anchor, key_of(g, handle));
    return holder == NONE || !before(g, holder, handle);
}

/* Whether a group may suit a claim better for a voice that it has now and had not before. */
static int may_gain(Groups *g, int32_t voice, int32_t handle) {
    const Claim *v = claim_of(g, voice), *c = claim_of(g, handle);
    char fits;
    int64_t least = least_of(g, handle), score = first_part(g, v, c, &fits);
    if (!fits) return EXCLUDED >= least;
    return score + other_most(g, c) >= least && score + other_part(g, v, c) >= least;
}

/* Whether a claim whose group has changed may be better off elsewhere now. Better off where it is, it need not ask. */
static int fits_worse(Groups *g, int32_t anchor, Claim *c) {
    char fits;
    int32_t score = group_score(g, claim_of(g, anchor), c, c->score, &fits);
    if (!fits) return 1;
    c->score = score;
    return 0;
}

/* Claims after `since` that a group would suit better than what they have decide again, and with `own` those in it. Where a
   `voice` is all that is new, it suits nobody better whom the voice itself does not fit as well: a mean rises by what is
   above it only. */
static void wake(Groups *g, int32_t anchor, int32_t since, uint32_t grids, int own, int32_t voice) {
    const Claim *a = claim_of(g, anchor), *first = claim_of(g, since);
    Probe probe = probe_of(g, a);
    probe.first = rank_from(first);
    int32_t count = gather(g, a, grids, &probe, 0);
    for (int32_t at = 0; at < count; at++) {
        int32_t handle = g->near[at];
        Claim *other = claim_of(g, handle);
        if (other->order_high < first->order_high || (g->repeat_bits != NONE && !worth(g, a, other))) continue;
        if (handle == anchor || other->queued || compared(g, other, first) <= 0) continue;
        if (other->anchor == anchor) {
            if (own && fits_worse(g, anchor, other)) push(g, handle);
        } else if ((voice == NONE || may_gain(g, voice, handle)) && suits_better(g, anchor, handle)) push(g, handle);
    }
}

static void attract(Groups *g, int32_t anchor, uint32_t grids) { wake(g, anchor, anchor, grids, 0, NONE); }

static int is_voice(const Claim *anchor, int32_t handle) {
    for (int at = 0; at < voices_of(anchor); at++)
        if (anchor->company->voices[at] == handle) return 1;
    return 0;
}

static void list_voices(Groups *g, int32_t anchor) {
    Company *m = claim_of(g, anchor)->company;
    if (!m) return;
    m->voices_count = 0;
    for (int32_t slot = 0; slot < m->size; slot++) {
        int32_t handle = m->slots[slot].handle;
        if (handle == NONE || handle == anchor || !claim_of(g, handle)->listed) continue;
        int at = m->voices_count;
        if (at == VOICES_MAX) {
            if (!before(g, handle, m->voices[--at])) continue;
        } else m->voices_count++;
        for (; at > 0 && before(g, handle, m->voices[at - 1]); at--) m->voices[at] = m->voices[at - 1];
        m->voices[at] = handle;
    }
}

/* Where a claim that came or went is or was a voice, those after it that it concerns decide again. */
static void hear(Groups *g, int32_t anchor, int32_t since) {
    if (g->repeat_bits != NONE) return;
    const Claim *a = claim_of(g, anchor);
    int is_new = claim_of(g, since)->listed && (voices_of(a) < VOICES_MAX || before(g, since, a->company->voices[VOICES_MAX - 1]));
    if (since != anchor && !is_new && !is_voice(a, since)) return;
    int before_it = voices_of(a);
    list_voices(g, anchor);
    wake(g, anchor, since, ~0u, 1, voices_of(a) > before_it && !a->unheard ? since : NONE);
}

/* The place of a claim in a group is free for a later one of its source: of those about the time of the group. */
static void free_place(Groups *g, int32_t anchor, int32_t gone) {
    const Claim *a = claim_of(g, anchor), *c = claim_of(g, gone);
    Probe probe = probe_of(g, a);
    probe.first = rank_from(c);
    g->spots_count = 0;
    for (int length = 0; length < LENGTHS; length++) {
        int64_t slot = floor_div(a->start - g->window - g->span_max[length], g->slot[length]);
        for (; slot <= floor_div(a->end + g->window, g->slot[length]); slot++) ask(g, own_spot(c->source, length, slot));
    }
    int32_t count = look_into(g, &probe, 0);
    for (int32_t at = 0; at < count; at++) {
        int32_t one = g->near[at];
        const Claim *other = claim_of(g, one);
        if (!worth(g, a, other) || other->queued || other->anchor == anchor) continue;
        if (compared(g, other, c) > 0 && suits_better(g, anchor, one)) push(g, one);
    }
}

/* Its members (that it meets in a grid, unless that is NONE), but not itself, must look for another anchor. */
static void release_members(Groups *g, int32_t anchor, int grid) {
    const Claim *c = claim_of(g, anchor);
    const Company *m = c->company;
    if (!m) return;
    int32_t count = 0, *others = made((size_t)m->count * sizeof(int32_t));
    int heard = 0;
    for (int32_t at = 0; at < m->size; at++) {
        int32_t other = m->slots[at].handle;
        if (other == NONE || other == anchor) continue;
        if (grid == NONE || meets(g, c, claim_of(g, other), grid)) others[count++] = other;
    }
    for (int32_t at = 0; at < count; at++) {
        heard |= is_voice(c, others[at]);
        quit_group(g, anchor, others[at]);
        changed(g, anchor, others[at], 0);
        push(g, others[at]);
    }
    if (grid != NONE && heard) hear(g, anchor, anchor);
    for (int32_t at = 0; at < count && grid != NONE && g->repeat_bits == NONE; at++) free_place(g, anchor, others[at]);
    free(others);
}

/* Where it is an anchor now, those that no longer may take members let them go. */
static void open_anchor(Groups *g, int32_t handle) {
    uint32_t grids = grids_of(g, claim_of(g, handle)), opened = 0;
    Opened closed[KEYS];
    int count = 0;
    for (int grid = 0; grids >> grid; grid++) {
        if (!(grids >> grid & 1)) continue;
        int32_t other;
        if (!list_anchor(g, handle, grid, &other)) continue;
        opened |= 1u << grid;
        if (other != NONE) closed[count++] = (Opened){ other, grid };
    }
    for (int at = 0; at < count; at++) release_members(g, closed[at].anchor, same_key(g, handle, &closed[at]));
    if (opened) attract(g, handle, opened);
}

/* Where it is no anchor any more; it stays listed where it is `staying`. With `attracting`, those that may take members now
   look for some. */
static void close_anchor(Groups *g, int32_t handle, int staying, int attracting) {
    uint32_t grids = grids_of(g, claim_of(g, handle));
    Opened opened[KEYS];
    int count = 0;
    for (int grid = 0; grids >> grid; grid++) {
        if (!(grids >> grid & 1)) continue;
        int32_t other = unlist_anchor(g, handle, grid, staying);
        if (other != NONE) opened[count++] = (Opened){ other, grid };
    }
    for (int at = 0; at < count; at++)
        if (attracting) attract(g, opened[at].anchor, 1u << same_key(g, handle, &opened[at]));
        else claim_of(g, opened[at].anchor)->unheard = 1;
}

static void leave(Groups *g, int32_t handle, int staying) {
    int32_t anchor = claim_of(g, handle)->anchor;
    if (anchor == handle) {
        release_members(g, handle, NONE);
        changed(g, handle, handle, 0);
        quit_group(g, handle, handle);
        close_anchor(g, handle, staying, 1);
        return;
    }
    quit_group(g, anchor, handle);
    changed(g, anchor, handle, 0);
    hear(g, anchor, handle);
    if (g->repeat_bits != NONE) {
        if (!claim_of(g, anchor)->company->alive) release_group(g, anchor);
        return;
    }
    free_place(g, anchor, handle);
    if (!claim_of(g, anchor)->company->alive) release_group(g, anchor);
}

static void join(Groups *g, int32_t handle, int32_t anchor) {
    if (anchor == handle) {
        enter_group(g, handle, handle);
        changed(g, handle, handle, 1);
        open_anchor(g, handle);
        return;
    }
    int32_t displaced = member(g, anchor, key_of(g, handle));
    if (displaced != NONE) {
        changed(g, anchor, displaced, 0);
        quit_group(g, anchor, displaced);
        push(g, displaced);
    }
    enter_group(g, anchor, handle);
    changed(g, anchor, handle, 1);
    /* Whoever was displaced is later, and so is all that heard it. */
    hear(g, anchor, handle);
}

static void decide(Groups *g, int32_t handle) {
    const Claim *c = claim_of(g, handle);
    int32_t best = NONE, best_score = 0;
    Probe probe = probe_of(g, c);
    probe.last = rank_from(c) | ((1 << ORDER_BIT) - 1);
    int32_t count = gather(g, c, ~0u, &probe, 1), kept = 0;
    for (int32_t at = 0; at < count; at++) {
        const Claim *a = claim_of(g, g->near[at]);
        /* Only an earlier one takes it in. */
        if (a->order_high > c->order_high || (g->repeat_bits != NONE && !worth(g, c, a)) || compared(g, a, c) >= 0) continue;
        __builtin_prefetch(a->company);
        g->near[kept++] = g->near[at];
    }
    for (int32_t at = 0; at < kept; at++) {
        int32_t anchor = g->near[at];
        const Claim *a = claim_of(g, anchor);
        for (int voice = 0; at + 1 < kept && voice < voices_of(claim_of(g, g->near[at + 1])); voice++) {
            const char *next = (const char *)claim_of(g, claim_of(g, g->near[at + 1])->company->voices[voice]);
            __builtin_prefetch(next);
            __builtin_prefetch(next + 64);
        }
        char fits;
        int32_t score = group_score(g, a, c, best == NONE ? g->threshold : best_score, &fits);
        if (!fits) continue;
        int32_t holder = member(g, anchor, key_of(g, handle));
        if (holder != NONE && holder != handle && before(g, holder, handle)) continue;
        if (best == NONE || score > best_score || (score == best_score && before(g, anchor, best))) {
            best = anchor;
            best_score = score;
        }
    }
    int32_t target = best == NONE ? handle : best;
    if (target != c->anchor) {
        if (c->anchor != NONE) leave(g, handle, 1);
        join(g, handle, target);
    }
    claim_of(g, handle)->score = best_score;
}

/* -- what Python calls --------------------------------------------------------------------------------------------- */

static int64_t highest(const int32_t *weights, int count) {
    int64_t most = weights[0];
    for (int at = 1; at < count; at++) most = larger(most, weights[at]);
    return most;
}

/* `numbers`: distance_m, window_s, threshold, anchors_max, sharp_s, number of weapons, repeat_bits (or -1), one_a_day; then radius and side of each size,
   span and slot of each length, and the number of the first level of each comparison but the weapon's. `weights` by level;
   `weapon_levels` by weapon and weapon, -1 where the two exclude each other. */
Groups *truce_groups_new(const int64_t *numbers, const int32_t *weights, int32_t levels, const int32_t *weapon_levels) {
    Groups *g = made(sizeof *g);
    if (levels > LEVELS_MAX || numbers[5] > WEAPONS_MAX) abort();
    g->free_cell = NONE;
    spread_cells(g);
    g->distance = numbers[0]; g->window = numbers[1]; g->threshold = numbers[2];
    g->anchors_max = numbers[3]; g->sharp = numbers[4]; g->weapons = numbers[5];
    g->repeat_bits = numbers[6]; g->one_a_day = numbers[7];
    g->claim_bytes = g->repeat_bits == NONE ? sizeof(Claim) : offsetof(Claim, killed);
    numbers += 8;
    for (int size = 0; size < SIZES; size++) { g->radius_max[size] = *numbers++; g->side[size] = *numbers++; }
    for (int length = 0; length < LENGTHS; length++) {
        g->span_max[length] = *numbers++; g->slot[length] = *numbers++;
        g->first_slot[length] = INT64_MAX; g->last_slot[length] = INT64_MIN;
    }
    for (int comparison = 0; comparison < COMPARISONS; comparison++) g->base[comparison] = (int32_t)*numbers++;
    memcpy(g->weights, weights, (size_t)levels * sizeof(int32_t));
    static const int others[] = { KILLED, INJURED, BY, AGAINST }, counts[] = { NOBODY_BY_ONE + 1, NOBODY_BY_ONE + 1, 3, 3 };
    for (int at = 0; at < 4; at++) g->most += highest(g->weights + g->base[others[at]], counts[at]);
    g->links_most = highest(g->weights + g->base[LINKS], LINKS_UNSAID + 1);
    memcpy(g->weapon_levels, weapon_levels, (size_t)(g->weapons * g->weapons) * sizeof(int32_t));
    return g;
}

void truce_groups_free(Groups *g) {
    for (int32_t handle = 0; handle < g->claims_count; handle++) {
        free(claim_of(g, handle)->tail);
        disband(claim_of(g, handle));
    }
    for (int32_t number = 0; number < g->cells_made; number++)
        if (cell_at(g, number)->count) {
            if (cell_at(g, number)->room > FEW) free(cell_at(g, number)->handles.many);
            free(cell_at(g, number)->blocks);
        }
    for (int32_t first = 0; first < g->claims_count; first += CHUNK) free(g->claims[first >> CHUNK_BITS]);
    for (int32_t first = 0; first < g->cells_made; first += CHUNK) free(g->cells[first >> CHUNK_BITS]);
    for (int32_t source = 0; source < g->names_size; source++) free(g->names[source]);
    free(g->names); free(g->claims); free(g->cells); free(g->buckets); free(g->heap); free(g->changes); free(g->released);
    free(g->spots); free(g->found); free(g->near); free(g);
}

/* An operation; of an addition, followed by what is told of the claim, its links, and the end of its order. */
typedef struct { int32_t operation, handle, source; } Head;
typedef struct {
    int64_t start, end;
    uint64_t order_high, signature;
    int64_t by, against;
    int32_t lat, lon, radius, killed[3], injured[3], links, order_length;
    uint8_t kind, weapon, script, mergeable, listed;
} Told;

/* Python gives a number to another source only when nothing of the one that had it is left. */
static void name_source(Groups *g, int32_t source, const char *name) {
    int32_t had = g->names_size;
    g->names = grown(g->names, &g->names_size, source + 1, sizeof *g->names);
    for (; had < g->names_size; had++) g->names[had] = NULL;
    if (g->names[source] && !strcmp(g->names[source], name)) return;
    free(g->names[source]);
    g->names[source] = strcpy(made(strlen(name) + 1), name);
}

/* Gives what follows it. */
static const char *add(Groups *g, const Head *head, const char *body) {
    for (; head->handle >= g->claims_count; g->claims_count++)
        if (!(g->claims_count & (CHUNK - 1))) {
            int32_t chunk = g->claims_count >> CHUNK_BITS;
            g->claims = grown(g->claims, &g->chunks_size, chunk + 1, sizeof *g->claims);
            g->claims[chunk] = aligned_alloc(64, CHUNK * g->claim_bytes);
            if (!g->claims[chunk]) abort();
            memset(g->claims[chunk], 0, CHUNK * g->claim_bytes);
        }
    Claim *c = claim_of(g, head->handle);
    Told told;
    memcpy(&told, body, sizeof told);
    /* What `key_at` and ranks rest on; a slot is half a day or more. */
    if (told.kind >= KINDS_MAX || told.lat < -90000000 || told.lat > 90000000 || told.start >> 45 != told.start >> 63) abort();
    c->start = told.start; c->end = told.end;
    c->lat = told.lat; c->lon = told.lon; c->radius = told.radius;
    c->kind = told.kind; c->weapon = told.weapon; c->script = told.script; c->signature = told.signature;
    if (g->repeat_bits == NONE) {
        memcpy(c->killed, told.killed, sizeof told.killed);
        memcpy(c->injured, told.injured, sizeof told.injured);
        c->by = told.by; c->against = told.against;
    }
    size_t links = (size_t)told.links * sizeof(int64_t), order = (size_t)told.order_length;
    const char *source = body + sizeof told + links, *report = source + strlen(source) + 1, *end = source + order;
    const char *spelling = memchr(report, 0, (size_t)(end - report));
    /* Most write a source as it is called. */
    size_t kept = (size_t)((end - spelling == report - source && !memcmp(spelling + 1, source, (size_t)(end - spelling - 1)) ? spelling : end) - report);
    c->tail = made(links + kept + 1);
    memcpy(c->tail, body + sizeof told, links);
    memcpy(c->tail + links, report, kept);
    c->links_count = (uint8_t)told.links;
    c->order_length = (uint16_t)kept;
    c->order_high = told.order_high;
    c->source = head->source;
    name_source(g, head->source, source);
    c->listed = told.listed != 0;
    c->breadth = told.mergeable ? (int8_t)breadth_of(g, c) : NONE;
    c->anchor = NONE;
    c->used = 1;
    index_claim(g, head->handle);
    push(g, head->handle);
    return end;
}

static void take_out(Groups *g, int32_t handle) {
    const Claim *c = claim_of(g, handle);
    if (is_own(g, c)) unlist(g, handle, own_spot_of(g, c));
    if (c->anchor != handle) unlist_claim(g, handle);
    if (c->anchor != NONE) leave(g, handle, 0);
    if (c->queued) claim_of(g, handle)->gone = 1;
    else release_handle(g, handle);
}

static void forget(Groups *g, int32_t handle) {
    Claim *c = claim_of(g, handle);
    if (is_own(g, c)) unlist(g, handle, own_spot_of(g, c));
    if (c->anchor == handle) close_anchor(g, handle, 0, 0);
    else unlist_claim(g, handle);
    c->forgotten = 1;
    c->breadth = NONE;
    Company *m = claim_of(g, c->anchor)->company;
    if (!m || --m->alive == 0) release_group(g, c->anchor);
}

/* Carries out the operations in `bytes`, then lets everything decide that has reason to. Returns how many changes there
   are; `changes` and `released` are good until the next call. */
int32_t truce_groups_resolve(Groups *g, const char *bytes, int64_t length, const Change **changes, const int32_t **released,
                             int32_t *released_count) {
    g->changes_count = g->released_count = 0;
    for (const char *at = bytes; at < bytes + length;) {
        Head head;
        memcpy(&head, at, sizeof head);
        at += sizeof head;
        if (head.operation == ADD) at = add(g, &head, at);
        else if (head.operation == REMOVE) take_out(g, head.handle);
        else forget(g, head.handle);
    }
    while (g->heap_count) {
        int32_t handle = pop(g);
        claim_of(g, handle)->queued = 0;
        if (claim_of(g, handle)->gone) release_handle(g, handle);
        else decide(g, handle);
    }
    *changes = g->changes;
    *released = g->released;
    *released_count = g->released_count;
    return g->changes_count;
}

/* Since the beginning: claims gone through, and pairs compared in full. */
void truce_groups_work(const Groups *g, int64_t *looked, int64_t *compared) {
    *looked = g->looked;
    *compared = g->compared;
}
