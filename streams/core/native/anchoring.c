/* Groups things around anchors, as `streams.core.anchoring` defines it, on columns instead of objects.

   Things are known by the handles that Python gives them. The index lists what rules most pairs out side by side in
   memory, so that hundreds of neighbours cost about as much as one call of a Python function. There are two ways to meet:
   claims of different sources near each other (`Neighbourhood`, `match.fit`), and accounts of one source that repeat each
   other (`Repeats`, `repeats`). Every rule stands in Python too; a property test holds the two to each other.
   Nothing here is random, and nothing depends on an address. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "geometry.h"

int32_t truce_cosines[9001];

enum { ADD, REMOVE, FORGET };
enum { SIZES = 4, LENGTHS = 3, BREADTHS = SIZES * LENGTHS, LEVELS_MAX = 64, LINKS_MAX = 8, WEAPONS_MAX = 16, VOICES_MAX = 4, NONE = -1 };
enum { EXCLUDED = -8000 }; /* what a voice that rules a claim out adds */
enum { PIECES = 6, PIECE_BITS = 11, SAME_SPAN = LINKS_MAX + PIECES, KEYS = SAME_SPAN + 1 }; /* see `repeats` */
enum { PLACE, TIME, KILLED, INJURED, BY, AGAINST, TEXT, LINKS, COMPARISONS };

#define HOUR 3600
#define SAME_POINT_M 500

/* What two claims are compared by: `features.Features`, in its order, but for the links. */
typedef struct {
    int64_t lat, lon, radius, start, end, kind, weapon, killed[3], injured[3], by, against, script;
    uint64_t signature;
    int64_t letters;
} Features;

typedef struct { int32_t source, handle; } Member;

/* Members of an anchor by source: open addressing, so that a group of thousands costs no more than one of two. */
typedef struct { Member *slots; int32_t size, count; } Members;

typedef struct {
    Features f;
    int64_t links[LINKS_MAX];
    uint64_t order_high;          /* all of the canonical order that is numbers */
    char *order_low;              /* source, report id, spelling: the rest of it */
    int32_t order_length, source, anchor, score, links_count, alive_in_group, voices_count;
    int32_t voices[VOICES_MAX];   /* of an anchor's group, in canonical order */
    int32_t next_own, previous_own; /* among the claims of its source, in no order */
    int16_t breadth;              /* NONE: never merged, in no cell */
    char used, listed, queued, gone, forgotten;
    Members members;
} Claim;

/* A claim as a cell lists it: what rules most pairs out. `order`: the numbers of the canonical order. */
typedef struct { int64_t start, end; uint64_t order; int32_t lat, lon, radius, source, handle; } Row;
typedef struct { Row *rows; int32_t count, size; } Rows;

/* What one cell lists of one kind and weapon, of sources that terms list or of others. */
typedef struct { int32_t kind, weapon, listed; Rows all, anchors; } Group;

typedef struct { int16_t grid, breadth; int64_t slot, row, column; Group *groups; int32_t count, size; } Cell;

typedef struct { int32_t anchor, thing, joined; } Change;
typedef struct { int32_t anchor, grid; } Opened;

typedef struct {
    int64_t distance, window, threshold, anchors_max, sharp, weapons;
    int64_t one_a_day;            /* whether what one source says of a town and a day is said once */
    int64_t repeat_bits;          /* NONE: claims that fit, one a source; else accounts that repeat, by their words and links */
    int64_t radius_max[SIZES], side[SIZES], span_max[LENGTHS], slot[LENGTHS];
    int32_t base[COMPARISONS], weights[LEVELS_MAX], weapon_levels[WEAPONS_MAX * WEAPONS_MAX];
    uint32_t grids[BREADTHS];     /* by breadth that is there: the grids it is listed in, a bit each */
    Claim *claims; int32_t claims_size;
    Cell *cells; int32_t cells_count, cells_size;
    int32_t *table; int32_t table_size;      /* cell numbers by hash */
    int32_t *heap; int32_t heap_count, heap_size;
    int32_t *own; int32_t own_size;          /* by source, one of its claims */
    Change *changes; int32_t changes_count, changes_size;
    int32_t *released; int32_t released_count, released_size;
    int64_t looked, compared;     /* rows gone through, and pairs compared in full, since the beginning */
} Groups;

/* Levels, in the order of the ladder within a comparison. */
enum { SAME_POINT, SAME_SPOT, CLOSE, NEAR, SAME_CENTRE, SAME_TOWN, OVERLAPPING, SAME_DISTRICT, SAME_PROVINCE, NEXT_TO };
enum { SAME_MOMENT, SAME_TIME, SAME_HOUR, SAME_PART, WITHIN_HOUR, WITHIN_THREE, WITHIN_WINDOW, SAME_DAY, SAME_DAYS, OTHER_DAY };
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

/* -- the score of a pair ------------------------------------------------------------------------------------------- */

static int time_level(const Features *a, const Features *b, const Groups *g) {
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

static int place_level(const Features *a, const Features *b, const Groups *g) {
    int64_t wide = a->radius + b->radius;
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

static int count_level(const int64_t *a, const int64_t *b) {
    if (a[0] == -1 || b[0] == -1) return COUNT_UNSAID;
    if (a[2] == 0 || b[2] == 0) {
        if (a[2] == b[2]) return NOBODY;
        return larger(a[0], b[0]) > 0 ? NOBODY_BY_ONE : COUNT_NEAR;
    }
    if (a[0] <= b[2] && b[0] <= a[2]) return AGREE;
    return larger(a[1], b[1]) > 2 * smaller(a[1], b[1]) + 1 ? FAR_APART : COUNT_NEAR;
}

static int actor_level(int64_t a, int64_t b) { return a == 0 || b == 0 ? 1 : a == b ? 0 : 2; }

static int text_level(const Features *a, const Features *b) {
    if (a->script == 0 || a->script != b->script) return 4;
    int bits = __builtin_popcountll(a->signature ^ b->signature);
    return bits <= 8 ? 0 : bits <= 14 ? 1 : bits <= 20 ? 2 : 3;
}

static int links_level(const Claim *a, const Claim *b) {
    if (!a->links_count || !b->links_count) return 2;
    for (int i = 0; i < a->links_count; i++)
        for (int j = 0; j < b->links_count; j++)
            if (a->links[i] == b->links[j]) return 0;
    return 1;
}

static int says_days(const Groups *g, const Features *f) { return g->one_a_day && f->end - f->start > g->sharp; }

static int days_alike(const Groups *g, const Features *a, const Features *b) {
    if (!says_days(g, b) || a->start != b->start || a->end != b->end) return 0;
    return g->weapon_levels[a->weapon * g->weapons + b->weapon] != NONE && distance_m(a->lat, a->lon, b->lat, b->lon) <= SAME_POINT_M;
}

static int repeats(const Groups *g, const Claim *a, const Claim *b) {
    const Features *x = &a->f, *y = &b->f;
    if (x->kind != y->kind) return 0;
    if (days_alike(g, x, y)) return 1;
    int same_words = x->script != 0 && x->script == y->script && __builtin_popcountll(x->signature ^ y->signature) <= g->repeat_bits;
    if (!same_words && links_level(a, b) != 0) return 0;
    if (larger(y->start - x->end, x->start - y->end) > g->window) return 0;
    return distance_m(x->lat, x->lon, y->lat, y->lon) <= g->distance + x->radius + y->radius;
}

/* The score, or 0 with *fits false where the two exclude each other. */
static int32_t score_of(Groups *g, const Claim *a, const Claim *b, char *fits) {
    const Features *x = &a->f, *y = &b->f;
    g->compared++;
    if (g->repeat_bits != NONE) {
        *fits = (char)repeats(g, a, b);
        return 0;
    }
    *fits = 0;
    if (x->kind != y->kind) return 0;
    int weapon = g->weapon_levels[x->weapon * g->weapons + y->weapon];
    if (weapon == NONE) return 0;
    int time = time_level(x, y, g);
    if (time == NONE) return 0;
    int place = place_level(x, y, g);
    if (place == NONE) return 0;
    const int32_t *w = g->weights, *base = g->base;
    int64_t score = (int64_t)w[base[PLACE] + place] + w[base[TIME] + time] + w[weapon]
        + w[base[KILLED] + count_level(x->killed, y->killed)] + w[base[INJURED] + count_level(x->injured, y->injured)]
        + w[base[BY] + actor_level(x->by, y->by)] + w[base[AGAINST] + actor_level(x->against, y->against)]
        + w[base[TEXT] + text_level(x, y)] + w[base[LINKS] + links_level(a, b)];
    *fits = 1;
    return (int32_t)score;
}

/* Whether a row is worth a closer look. `window`: of the grid in which the two meet. A metre is a little less than nine
   microdegrees. */
static int worth(const Groups *g, const Claim *c, const Row *row, int64_t window) {
    if (row->start - c->f.end > window || c->f.start - row->end > window) return 0;
    int64_t reach = (larger(g->distance, SAME_POINT_M) + c->f.radius + row->radius + 2) * 9;
    int64_t north = row->lat - c->f.lat;
    if (north > reach || north < -reach) return 0;
    return east_e6(c->f.lat, c->f.lon, row->lat, row->lon) <= reach;
}

/* -- canonical order ----------------------------------------------------------------------------------------------- */

static int compared(const Claim *a, const Claim *b) {
    if (a->order_high != b->order_high) return a->order_high < b->order_high ? -1 : 1;
    int32_t shared = a->order_length < b->order_length ? a->order_length : b->order_length;
    int low = memcmp(a->order_low, b->order_low, (size_t)shared);
    return low ? low : a->order_length - b->order_length;
}

static int before(const Groups *g, int32_t a, int32_t b) { return compared(&g->claims[a], &g->claims[b]) < 0; }

/* How well a claim fits what comes before it in a group: the mean over the anchor and its voices. */
static int32_t group_score(Groups *g, const Claim *anchor, const Claim *c, char *fits) {
    int64_t total = score_of(g, anchor, c, fits), count = 1;
    if (!*fits || g->repeat_bits != NONE) return (int32_t)total;
    for (int at = 0; at < anchor->voices_count; at++) {
        const Claim *voice = &g->claims[anchor->voices[at]];
        if (compared(voice, c) >= 0) break;
        char fitting;
        int32_t score = score_of(g, voice, c, &fitting);
        total += fitting ? score : EXCLUDED;
        count++;
    }
    int64_t mean = floor_div(total, count);
    *fits = mean >= g->threshold;
    return (int32_t)mean;
}

static void push(Groups *g, int32_t handle) {
    Claim *claim = &g->claims[handle];
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
static int32_t key_of(const Groups *g, int32_t handle) { return g->repeat_bits == NONE ? g->claims[handle].source : handle; }

/* -- members of an anchor ------------------------------------------------------------------------------------------ */

static int32_t slot_of(const Members *m, int32_t source) { return (int32_t)(((uint32_t)source * 2654435769u) & (uint32_t)(m->size - 1)); }

static int32_t member(const Members *m, int32_t source) {
    if (!m->count) return NONE;
    for (int32_t at = slot_of(m, source);; at = (at + 1) & (m->size - 1)) {
        if (m->slots[at].handle == NONE) return NONE;
        if (m->slots[at].source == source) return m->slots[at].handle;
    }
}

static void set_member(Members *m, int32_t source, int32_t handle);

static void resize_members(Members *m, int32_t size) {
    Members fresh = { malloc((size_t)size * sizeof(Member)), size, 0 };
    if (!fresh.slots) abort();
    for (int32_t at = 0; at < size; at++) fresh.slots[at].handle = NONE;
    for (int32_t at = 0; at < m->size; at++)
        if (m->slots[at].handle != NONE) set_member(&fresh, m->slots[at].source, m->slots[at].handle);
    free(m->slots);
    *m = fresh;
}

static void set_member(Members *m, int32_t source, int32_t handle) {
    if (m->count * 4 >= m->size * 3) resize_members(m, m->size ? m->size * 2 : 4);
    int32_t at = slot_of(m, source);
    while (m->slots[at].handle != NONE && m->slots[at].source != source) at = (at + 1) & (m->size - 1);
    m->count += m->slots[at].handle == NONE;
    m->slots[at] = (Member){ source, handle };
}

static void drop_member(Members *m, int32_t source) {
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

/* -- cells: see `streams.core.cells` and `streams.core.neighbourhood` ----------------------------------------------- */

static int breadth_of(const Groups *g, const Features *f) {
    int size = 0, length = 0;
    while (size < SIZES - 1 && f->radius > g->radius_max[size]) size++;
    while (length < LENGTHS - 1 && f->end - f->start > g->span_max[length]) length++;
    return size * LENGTHS + length;
}

static int grid_of(int a, int b) {
    int size = a / LENGTHS > b / LENGTHS ? a / LENGTHS : b / LENGTHS;
    int length = a % LENGTHS > b % LENGTHS ? a % LENGTHS : b % LENGTHS;
    return size * LENGTHS + length;
}

static uint32_t hash_of(int grid, int breadth, int64_t slot, int64_t row, int64_t column) {
    uint64_t mixed = (uint64_t)(grid * BREADTHS + breadth) * 0x9E3779B97F4A7C15u ^ (uint64_t)slot * 0xC2B2AE3D27D4EB4Fu;
    mixed = (mixed ^ (mixed >> 29)) + (uint64_t)row * 0x165667B19E3779F9u;
    mixed = (mixed ^ (mixed >> 32)) * 0xFF51AFD7ED558CCDu + (uint64_t)column * 0x27D4EB2F165667C5u;
    return (uint32_t)((mixed ^ (mixed >> 31)) * 0x9E3779B97F4A7C15u >> 32);
}

static Cell *find_cell(Groups *g, int grid, int breadth, int64_t slot, int64_t row, int64_t column) {
    if (!g->table_size) return NULL;
    for (uint32_t at = hash_of(grid, breadth, slot, row, column);; at++) {
        int32_t number = g->table[at & (uint32_t)(g->table_size - 1)];
        if (number == NONE) return NULL;
        Cell *c = &g->cells[number];
        if (c->grid == grid && c->breadth == breadth && c->slot == slot && c->row == row && c->column == column) return c;
    }
}

static void enter_cell(Groups *g, int32_t number) {
    const Cell *c = &g->cells[number];
    uint32_t at = hash_of(c->grid, c->breadth, c->slot, c->row, c->column);
    while (g->table[at & (uint32_t)(g->table_size - 1)] != NONE) at++;
    g->table[at & (uint32_t)(g->table_size - 1)] = number;
}

static void free_cell(Cell *c) {
    for (int32_t at = 0; at < c->count; at++) { free(c->groups[at].all.rows); free(c->groups[at].anchors.rows); }
    free(c->groups);
}

static int is_empty(const Cell *c) {
    for (int32_t at = 0; at < c->count; at++)
        if (c->groups[at].all.count || c->groups[at].anchors.count) return 0;
    return 1;
}

/* Cells that list nothing stay until the table is full; then they go, and it grows if it is still more than a quarter full. */
static void tidy_cells(Groups *g) {
    int32_t kept = 0;
    for (int32_t number = 0; number < g->cells_count; number++) {
        if (is_empty(&g->cells[number])) free_cell(&g->cells[number]);
        else g->cells[kept++] = g->cells[number];
    }
    g->cells_count = kept;
    int32_t size = 1024;
    while (size < kept * 4) size *= 2;
    free(g->table);
    g->table = malloc((size_t)size * sizeof(int32_t));
    if (!g->table) abort();
    g->table_size = size;
    memset(g->table, 0xFF, (size_t)size * sizeof(int32_t));
    for (int32_t number = 0; number < kept; number++) enter_cell(g, number);
}

/* Where a claim is listed in a grid; `grid` is a key of its own where accounts repeat. */
typedef struct { int grid, breadth; int64_t slot, row, column; } Spot;

static int64_t piece_of(const Claim *c, int piece) { return (int64_t)(c->f.signature >> (piece * PIECE_BITS) & ((1u << PIECE_BITS) - 1)); }

static Spot spot_of(const Groups *g, const Claim *c, int grid) {
    if (g->repeat_bits != NONE) {
        if (grid < LINKS_MAX) return (Spot){ 0, 0, c->source, c->links[grid], 0 };
        if (grid == SAME_SPAN) return (Spot){ grid, 0, c->source, c->f.start, c->f.end };
        return (Spot){ grid, 0, c->source, piece_of(c, grid - LINKS_MAX), 0 };
    }
    int64_t side = g->side[grid / LENGTHS], columns = 360000000 / side;
    int64_t column = floor_div(c->f.lon, side) % columns;
    return (Spot){ grid, c->breadth, floor_div(c->f.start, g->slot[grid % LENGTHS]), floor_div(c->f.lat, side),
                   column < 0 ? column + columns : column };
}

/* The grids that a claim is listed in, or its keys, a bit each. */
static uint32_t grids_of(const Groups *g, const Claim *c) {
    if (g->repeat_bits == NONE) return c->breadth == NONE ? 0 : g->grids[c->breadth];
    if (c->forgotten) return 0;
    uint32_t pieces = c->f.script ? ((1u << PIECES) - 1) << LINKS_MAX : 0;
    return ((1u << c->links_count) - 1) | pieces | (says_days(g, &c->f) ? 1u << SAME_SPAN : 0);
}

/* Whether two meet in a grid of the first. */
static int meets(const Groups *g, const Claim *a, const Claim *b, int grid) {
    if (g->repeat_bits == NONE) return grid_of(a->breadth, b->breadth) == grid;
    if (grid == SAME_SPAN) return a->f.start == b->f.start && a->f.end == b->f.end;
    if (grid >= LINKS_MAX) return b->f.script && piece_of(a, grid - LINKS_MAX) == piece_of(b, grid - LINKS_MAX);
    for (int at = 0; at < b->links_count; at++)
        if (b->links[at] == a->links[grid]) return 1;
    return 0;
}

/* The bit of a grid that another has in common with a claim: a link stands at another place among its own links. */
static int same_key(const Groups *g, int32_t handle, const Opened *other) {
    if (g->repeat_bits == NONE || other->grid >= LINKS_MAX) return other->grid;
    const Claim *c = &g->claims[handle], *o = &g->claims[other->anchor];
    int at = 0;
    while (o->links[at] != c->links[other->grid]) at++;
    return at;
}

/* The group of a claim in a grid, made if need be. Cells and groups move when others are made: do not keep it. */
static Group *group_of(Groups *g, const Claim *c, int grid) {
    Spot spot = spot_of(g, c, grid);
    Cell *cell = find_cell(g, spot.grid, spot.breadth, spot.slot, spot.row, spot.column);
    if (!cell) {
        if (g->cells_count * 2 >= g->table_size) tidy_cells(g);
        g->cells = grown(g->cells, &g->cells_size, g->cells_count + 1, sizeof(Cell));
        g->cells[g->cells_count] = (Cell){ .grid = (int16_t)spot.grid, .breadth = (int16_t)spot.breadth, .slot = spot.slot,
                                           .row = spot.row, .column = spot.column };
        enter_cell(g, g->cells_count);
        cell = &g->cells[g->cells_count++];
    }
    Group wanted = { 0 };
    if (g->repeat_bits == NONE) wanted = (Group){ .kind = (int32_t)c->f.kind, .weapon = (int32_t)c->f.weapon, .listed = c->listed };
    for (int32_t at = 0; at < cell->count; at++) {
        Group *one = &cell->groups[at];
        if (one->kind == wanted.kind && one->weapon == wanted.weapon && one->listed == wanted.listed) return one;
    }
    cell->groups = grown(cell->groups, &cell->size, cell->count + 1, sizeof(Group));
    cell->groups[cell->count] = wanted;
    return &cell->groups[cell->count++];
}

static Row row_of(const Claim *c, int32_t handle) {
    return (Row){ c->f.start, c->f.end, c->order_high, (int32_t)c->f.lat, (int32_t)c->f.lon, (int32_t)c->f.radius, c->source, handle };
}

static void list_claim(Groups *g, int32_t handle, int grid) {
    Rows *all = &group_of(g, &g->claims[handle], grid)->all;
    all->rows = grown(all->rows, &all->size, all->count + 1, sizeof(Row));
    all->rows[all->count++] = row_of(&g->claims[handle], handle);
}

/* The place of an anchor among those of its group, in canonical order. */
static int32_t rank_of(const Groups *g, const Rows *anchors, int32_t handle) {
    int32_t low = 0, high = anchors->count;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (before(g, anchors->rows[middle].handle, handle)) low = middle + 1; else high = middle;
    }
    return low;
}

static int32_t list_anchor(Groups *g, int32_t handle, int grid) {
    Rows *anchors = &group_of(g, &g->claims[handle], grid)->anchors;
    int32_t rank = rank_of(g, anchors, handle);
    anchors->rows = grown(anchors->rows, &anchors->size, anchors->count + 1, sizeof(Row));
    memmove(anchors->rows + rank + 1, anchors->rows + rank, (size_t)(anchors->count - rank) * sizeof(Row));
    anchors->rows[rank] = row_of(&g->claims[handle], handle);
    anchors->count++;
    return rank;
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
    for (int32_t handle = 0; handle < g->claims_size; handle++) {
        const Claim *c = &g->claims[handle];
        if (!c->used || c->gone || c->breadth == NONE || c->breadth == breadth) continue;
        for (int grid = 0; grid < BREADTHS; grid++)
            if ((g->grids[c->breadth] & ~before_grids[c->breadth]) >> grid & 1) {
                list_claim(g, handle, grid);
                if (c->anchor == handle) list_anchor(g, handle, grid);
            }
    }
}

static void join_own(Groups *g, int32_t handle) {
    Claim *c = &g->claims[handle];
    int32_t size = g->own_size;
    g->own = grown(g->own, &g->own_size, c->source + 1, sizeof(int32_t));
    memset(g->own + size, 0xFF, (size_t)(g->own_size - size) * sizeof(int32_t));
    c->previous_own = NONE;
    c->next_own = g->own[c->source];
    if (c->next_own != NONE) g->claims[c->next_own].previous_own = handle;
    g->own[c->source] = handle;
}

static void quit_own(Groups *g, int32_t handle) {
    const Claim *c = &g->claims[handle];
    if (c->previous_own != NONE) g->claims[c->previous_own].next_own = c->next_own;
    else g->own[c->source] = c->next_own;
    if (c->next_own != NONE) g->claims[c->next_own].previous_own = c->previous_own;
}

static void index_claim(Groups *g, int32_t handle) {
    int breadth = g->claims[handle].breadth;
    if (g->repeat_bits == NONE && breadth != NONE && !g->grids[breadth]) begin_breadth(g, breadth);
    uint32_t grids = grids_of(g, &g->claims[handle]);
    for (int grid = 0; grids >> grid; grid++)
        if (grids >> grid & 1) list_claim(g, handle, grid);
    if (g->repeat_bits == NONE && breadth != NONE) join_own(g, handle);
}

static void unindex_claim(Groups *g, int32_t handle) {
    uint32_t grids = grids_of(g, &g->claims[handle]);
    if (g->repeat_bits == NONE && grids) quit_own(g, handle);
    for (int grid = 0; grids >> grid; grid++)
        if (grids >> grid & 1) {
            Rows *all = &group_of(g, &g->claims[handle], grid)->all;
            int32_t at = 0;
            while (all->rows[at].handle != handle) at++;
            g->looked += at + 1;
            all->rows[at] = all->rows[--all->count];
        }
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

/* Walks the groups that may hold what fits a claim, in the grids whose bits are set. */
typedef struct {
    uint32_t grids; int breadth, grid;
    int64_t window, slot, last_slot, first_row, row, last_row, first_column, column, columns, count;
    Cell *cell; int32_t group;
} Walk;

#define WALK(mask) ((Walk){ .grids = (mask), .breadth = -1 })
#define EVERYWHERE 0xFFFFFFFFu

static int next_breadth(const Groups *g, const Claim *c, Walk *w) {
    do {
        if (++w->breadth >= BREADTHS) return 0;
        w->grid = grid_of(c->breadth, w->breadth);
    } while (!g->grids[w->breadth] || !(w->grids >> w->grid & 1));
    int64_t side = g->side[w->grid / LENGTHS], slot = g->slot[w->grid % LENGTHS];
    int64_t reach = (g->distance + c->f.radius + g->radius_max[w->breadth / LENGTHS]) * 1000000 / M_PER_DEGREE + 1;
    w->window = w->grid % LENGTHS == 0 ? g->window / 2 : g->window;
    w->slot = floor_div(c->f.start - w->window - g->span_max[w->breadth % LENGTHS], slot);
    w->last_slot = floor_div(c->f.end + w->window, slot);
    w->first_row = w->row = floor_div(c->f.lat - reach, side);
    w->last_row = floor_div(c->f.lat + reach, side);
    w->columns = columns_near(c->f.lat, c->f.lon, reach, side, &w->first_column);
    w->count = 360000000 / side;
    w->column = -1;
    return 1;
}

static int next_cell(Groups *g, const Claim *c, Walk *w) {
    for (;;) {
        if (w->breadth < 0) {
            if (!next_breadth(g, c, w)) return 0;
        }
        if (++w->column >= w->columns) {
            w->column = 0;
            if (++w->row > w->last_row) {
                w->row = w->first_row;
                if (++w->slot > w->last_slot) {
                    if (!next_breadth(g, c, w)) return 0;
                    continue;
                }
            }
        }
        int64_t column = (w->first_column + w->column) % w->count;
        w->cell = find_cell(g, w->grid, w->breadth, w->slot, w->row, column < 0 ? column + w->count : column);
        if (w->cell) return 1;
    }
}

/* The same where accounts repeat: by one key after the other. */
static Group *next_key(Groups *g, const Claim *c, Walk *w) {
    uint32_t keys = grids_of(g, c) & w->grids;
    w->window = g->window;
    while (++w->breadth < KEYS) {
        if (!(keys >> w->breadth & 1)) continue;
        Spot spot = spot_of(g, c, w->breadth);
        Cell *cell = find_cell(g, spot.grid, spot.breadth, spot.slot, spot.row, spot.column);
        if (cell && cell->count) return &cell->groups[0];
    }
    return NULL;
}

static Group *next_group(Groups *g, const Claim *c, Walk *w) {
    if (g->repeat_bits != NONE) return next_key(g, c, w);
    if (c->breadth == NONE) return NULL;
    for (;;) {
        while (!w->cell || w->group >= w->cell->count) {
            w->group = 0;
            if (!next_cell(g, c, w)) return NULL;
        }
        Group *one = &w->cell->groups[w->group++];
        if (one->kind == c->f.kind && g->weapon_levels[c->f.weapon * g->weapons + one->weapon] != NONE) return one;
    }
}

/* -- anchoring: see `streams.core.anchoring` ----------------------------------------------------------------------- */

static void changed(Groups *g, int32_t anchor, int32_t thing, int joined) {
    g->changes = grown(g->changes, &g->changes_size, g->changes_count + 1, sizeof(Change));
    g->changes[g->changes_count++] = (Change){ anchor, thing, joined };
}

static void release_handle(Groups *g, int32_t handle) {
    Claim *c = &g->claims[handle];
    free(c->order_low);
    free(c->members.slots);
    memset(c, 0, sizeof *c);
    g->released = grown(g->released, &g->released_size, g->released_count + 1, sizeof(int32_t));
    g->released[g->released_count++] = handle;
}

/* A group whose every claim is forgotten is nobody's business any more. */
static void release_group(Groups *g, int32_t anchor) {
    Members m = g->claims[anchor].members;
    g->claims[anchor].members = (Members){ 0 };
    for (int32_t at = 0; at < m.size; at++)
        if (m.slots[at].handle != NONE && m.slots[at].handle != anchor) release_handle(g, m.slots[at].handle);
    free(m.slots);
    release_handle(g, anchor);
}

static void enter_group(Groups *g, int32_t anchor, int32_t handle) {
    set_member(&g->claims[anchor].members, key_of(g, handle), handle);
    g->claims[handle].anchor = anchor;
    if (!g->claims[handle].forgotten) g->claims[anchor].alive_in_group++;
}

static void quit_group(Groups *g, int32_t anchor, int32_t handle) {
    drop_member(&g->claims[anchor].members, key_of(g, handle));
    g->claims[handle].anchor = NONE;
    if (!g->claims[handle].forgotten) g->claims[anchor].alive_in_group--;
}

/* Whether a group would suit a claim better than what it has, and has room for it. */
static int suits_better(Groups *g, int32_t anchor, int32_t handle) {
    const Claim *a = &g->claims[anchor], *c = &g->claims[handle];
    if (a->source == c->source && g->repeat_bits == NONE) return 0;
    char fits;
    int32_t score = group_score(g, a, c, &fits);
    if (!fits) return 0;
    if (c->anchor != handle && (score < c->score || (score == c->score && !before(g, anchor, c->anchor)))) return 0;
    /* Where an earlier one of its source has its place, it is told when that goes. */
    int32_t holder = member(&a->members, key_of(g, handle));
    return holder == NONE || !before(g, holder, handle);
}

/* Whether a claim whose group has changed may be better off elsewhere now. Better off where it is, it need not ask. */
static int fits_worse(Groups *g, int32_t anchor, Claim *c) {
    char fits;
    int32_t score = group_score(g, &g->claims[anchor], c, &fits);
    if (!fits || score < c->score) return 1;
    c->score = score;
    return 0;
}

/* Claims after `since` that a group would suit better than what they have decide again, and with `own` those in it. */
static void wake(Groups *g, int32_t anchor, int32_t since, uint32_t grids, int own) {
    Walk walk = WALK(grids);
    const Claim *a = &g->claims[anchor];
    for (Group *group; (group = next_group(g, a, &walk));) {
        g->looked += group->all.count;
        for (int32_t at = 0; at < group->all.count; at++) {
            if (group->all.rows[at].order < g->claims[since].order_high || !worth(g, a, &group->all.rows[at], walk.window)) continue;
            int32_t handle = group->all.rows[at].handle;
            Claim *other = &g->claims[handle];
            if (handle == anchor || other->queued || compared(other, &g->claims[since]) <= 0) continue;
            if (other->anchor == anchor ? own && fits_worse(g, anchor, other) : suits_better(g, anchor, handle)) push(g, handle);
        }
    }
}

static void attract(Groups *g, int32_t anchor, uint32_t grids) { wake(g, anchor, anchor, grids, 0); }

static int is_voice(const Claim *anchor, int32_t handle) {
    for (int at = 0; at < anchor->voices_count; at++)
        if (anchor->voices[at] == handle) return 1;
    return 0;
}

static void list_voices(Groups *g, int32_t anchor) {
    Claim *a = &g->claims[anchor];
    a->voices_count = 0;
    for (int32_t slot = 0; slot < a->members.size; slot++) {
        int32_t handle = a->members.slots[slot].handle;
        if (handle == NONE || handle == anchor || !g->claims[handle].listed) continue;
        int at = a->voices_count;
        if (at == VOICES_MAX) {
            if (!before(g, handle, a->voices[--at])) continue;
        } else a->voices_count++;
        for (; at > 0 && before(g, handle, a->voices[at - 1]); at--) a->voices[at] = a->voices[at - 1];
        a->voices[at] = handle;
    }
}

/* Where a claim that came or went is or was a voice, those after it that it concerns decide again. */
static void hear(Groups *g, int32_t anchor, int32_t since) {
    if (g->repeat_bits != NONE) return;
    const Claim *a = &g->claims[anchor];
    int is_new = g->claims[since].listed && (a->voices_count < VOICES_MAX || before(g, since, a->voices[VOICES_MAX - 1]));
    if (since != anchor && !is_new && !is_voice(a, since)) return;
    list_voices(g, anchor);
    wake(g, anchor, since, EVERYWHERE, 1);
}

/* The place of a claim in a group is free for a later one of its source. */
static void free_place(Groups *g, int32_t anchor, int32_t gone) {
    const Claim *c = &g->claims[gone];
    for (int32_t one = g->own[c->source]; one != NONE; one = g->claims[one].next_own) {
        const Claim *other = &g->claims[one];
        g->looked++;
        if (!other->queued && other->anchor != anchor && compared(other, c) > 0 && suits_better(g, anchor, one)) push(g, one);
    }
}

/* Its members (that it meets in a grid, unless that is NONE), but not itself, must look for another anchor. */
static void release_members(Groups *g, int32_t anchor, int grid) {
    const Claim *c = &g->claims[anchor];
    int32_t count = 0, *others = malloc((size_t)(c->members.count + 1) * sizeof(int32_t));
    int heard = 0;
    if (!others) abort();
    for (int32_t at = 0; at < c->members.size; at++) {
        int32_t other = c->members.slots[at].handle;
        if (other == NONE || other == anchor) continue;
        if (grid == NONE || meets(g, c, &g->claims[other], grid)) others[count++] = other;
    }
    for (int32_t at = 0; at < count; at++) {
        heard |= is_voice(c, others[at]);
        quit_group(g, anchor, others[at]);
        changed(g, anchor, others[at], 0);
        push(g, others[at]);
    }
    if (grid == NONE) g->claims[anchor].voices_count = 0;
    else if (heard) hear(g, anchor, anchor);
    for (int32_t at = 0; at < count && grid != NONE && g->repeat_bits == NONE; at++) free_place(g, anchor, others[at]);
    free(others);
}

/* Where it is an anchor now, those that no longer may take members let them go. */
static void open_anchor(Groups *g, int32_t handle) {
    uint32_t grids = grids_of(g, &g->claims[handle]), opened = 0;
    Opened closed[KEYS];
    int count = 0;
    for (int grid = 0; grids >> grid; grid++) {
        if (!(grids >> grid & 1) || list_anchor(g, handle, grid) >= g->anchors_max) continue;
        opened |= 1u << grid;
        const Rows *anchors = &group_of(g, &g->claims[handle], grid)->anchors;
        if (anchors->count > g->anchors_max) closed[count++] = (Opened){ anchors->rows[g->anchors_max].handle, grid };
    }
    for (int at = 0; at < count; at++) release_members(g, closed[at].anchor, same_key(g, handle, &closed[at]));
    if (opened) attract(g, handle, opened);
}

/* Where it is no anchor any more; with `attracting`, those that may take members now look for some. */
static void close_anchor(Groups *g, int32_t handle, int attracting) {
    uint32_t grids = grids_of(g, &g->claims[handle]);
    Opened opened[KEYS];
    int count = 0;
    for (int grid = 0; grids >> grid; grid++) {
        if (!(grids >> grid & 1)) continue;
        Rows *anchors = &group_of(g, &g->claims[handle], grid)->anchors;
        int32_t rank = rank_of(g, anchors, handle);
        anchors->count--;
        memmove(anchors->rows + rank, anchors->rows + rank + 1, (size_t)(anchors->count - rank) * sizeof(Row));
        if (rank < g->anchors_max && g->anchors_max <= anchors->count)
            opened[count++] = (Opened){ anchors->rows[g->anchors_max - 1].handle, grid };
    }
    for (int at = 0; attracting && at < count; at++) attract(g, opened[at].anchor, 1u << same_key(g, handle, &opened[at]));
}

static void leave(Groups *g, int32_t handle) {
    int32_t anchor = g->claims[handle].anchor;
    if (anchor == handle) {
        release_members(g, handle, NONE);
        changed(g, handle, handle, 0);
        quit_group(g, handle, handle);
        close_anchor(g, handle, 1);
        return;
    }
    quit_group(g, anchor, handle);
    changed(g, anchor, handle, 0);
    hear(g, anchor, handle);
    if (g->repeat_bits != NONE) {
        if (!g->claims[anchor].alive_in_group) release_group(g, anchor);
        return;
    }
    free_place(g, anchor, handle);
    if (!g->claims[anchor].alive_in_group) release_group(g, anchor);
}

static void join(Groups *g, int32_t handle, int32_t anchor) {
    if (anchor == handle) {
        enter_group(g, handle, handle);
        changed(g, handle, handle, 1);
        open_anchor(g, handle);
        return;
    }
    int32_t displaced = member(&g->claims[anchor].members, key_of(g, handle));
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
    const Claim *c = &g->claims[handle];
    int32_t best = NONE, best_score = 0;
    Walk walk = WALK(EVERYWHERE);
    for (Group *group; (group = next_group(g, c, &walk));) {
        int32_t open = (int32_t)smaller(group->anchors.count, g->anchors_max);
        g->looked += open;
        for (int32_t at = 0; at < open; at++) {
            /* They stand in canonical order, and only an earlier one takes it in. */
            if (group->anchors.rows[at].order > c->order_high) break;
            if (!worth(g, c, &group->anchors.rows[at], walk.window)) continue;
            int32_t anchor = group->anchors.rows[at].handle;
            const Claim *a = &g->claims[anchor];
            if (compared(a, c) >= 0) continue;
            char fits;
            int32_t score = group_score(g, a, c, &fits);
            if (!fits) continue;
            int32_t holder = member(&a->members, key_of(g, handle));
            if (holder != NONE && holder != handle && before(g, holder, handle)) continue;
            if (best == NONE || score > best_score || (score == best_score && before(g, anchor, best))) {
                best = anchor;
                best_score = score;
            }
        }
    }
    int32_t target = best == NONE ? handle : best;
    if (target != c->anchor) {
        if (c->anchor != NONE) leave(g, handle);
        join(g, handle, target);
    }
    g->claims[handle].score = best_score;
}

/* -- what Python calls --------------------------------------------------------------------------------------------- */

/* `numbers`: distance_m, window_s, threshold, anchors_max, sharp_s, number of weapons, repeat_bits (or -1), one_a_day; then radius and side of each size,
   span and slot of each length, and the number of the first level of each comparison but the weapon's. `weights` by level;
   `weapon_levels` by weapon and weapon, -1 where the two exclude each other. */
Groups *truce_groups_new(const int64_t *numbers, const int32_t *weights, int32_t levels, const int32_t *weapon_levels) {
    Groups *g = calloc(1, sizeof *g);
    if (!g || levels > LEVELS_MAX || numbers[5] > WEAPONS_MAX) abort();
    g->distance = numbers[0]; g->window = numbers[1]; g->threshold = numbers[2];
    g->anchors_max = numbers[3]; g->sharp = numbers[4]; g->weapons = numbers[5];
    g->repeat_bits = numbers[6]; g->one_a_day = numbers[7];
    numbers += 8;
    for (int size = 0; size < SIZES; size++) { g->radius_max[size] = *numbers++; g->side[size] = *numbers++; }
    for (int length = 0; length < LENGTHS; length++) { g->span_max[length] = *numbers++; g->slot[length] = *numbers++; }
    for (int comparison = 0; comparison < COMPARISONS; comparison++) g->base[comparison] = (int32_t)*numbers++;
    memcpy(g->weights, weights, (size_t)levels * sizeof(int32_t));
    memcpy(g->weapon_levels, weapon_levels, (size_t)(g->weapons * g->weapons) * sizeof(int32_t));
    return g;
}

void truce_groups_free(Groups *g) {
    for (int32_t handle = 0; handle < g->claims_size; handle++) {
        free(g->claims[handle].order_low);
        free(g->claims[handle].members.slots);
    }
    for (int32_t number = 0; number < g->cells_count; number++) free_cell(&g->cells[number]);
    free(g->claims); free(g->cells); free(g->table); free(g->heap); free(g->own); free(g->changes); free(g->released); free(g);
}

typedef struct { int32_t operation, handle, source, links, order_length; char mergeable, listed; uint64_t order_high; } Head;

static void add(Groups *g, const Head *head, const char *body) {
    if (head->handle >= g->claims_size) {
        int32_t before_size = g->claims_size;
        g->claims = grown(g->claims, &g->claims_size, head->handle + 1, sizeof(Claim));
        memset(g->claims + before_size, 0, (size_t)(g->claims_size - before_size) * sizeof(Claim));
    }
    Claim *c = &g->claims[head->handle];
    memcpy(&c->f, body, sizeof(Features));
    memcpy(c->links, body + sizeof(Features), (size_t)head->links * sizeof(int64_t));
    c->links_count = head->links;
    c->order_high = head->order_high;
    c->order_length = head->order_length;
    c->order_low = malloc((size_t)head->order_length + 1);
    if (!c->order_low) abort();
    memcpy(c->order_low, body + sizeof(Features) + (size_t)head->links * sizeof(int64_t), (size_t)head->order_length);
    c->source = head->source;
    c->listed = head->listed;
    c->breadth = head->mergeable ? (int16_t)breadth_of(g, &c->f) : NONE;
    c->anchor = NONE;
    c->used = 1;
    index_claim(g, head->handle);
    push(g, head->handle);
}

static void take_out(Groups *g, int32_t handle) {
    Claim *c = &g->claims[handle];
    unindex_claim(g, handle);
    if (c->anchor != NONE) leave(g, handle);
    if (g->claims[handle].queued) g->claims[handle].gone = 1;
    else release_handle(g, handle);
}

static void forget(Groups *g, int32_t handle) {
    Claim *c = &g->claims[handle];
    unindex_claim(g, handle);
    if (c->anchor == handle) close_anchor(g, handle, 0);
    c->forgotten = 1;
    c->breadth = NONE;
    if (--g->claims[c->anchor].alive_in_group == 0) release_group(g, c->anchor);
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
        if (head.operation == ADD) {
            add(g, &head, at);
            at += sizeof(Features) + (size_t)head.links * sizeof(int64_t) + (size_t)head.order_length;
        } else if (head.operation == REMOVE) take_out(g, head.handle);
        else forget(g, head.handle);
    }
    while (g->heap_count) {
        int32_t handle = pop(g);
        g->claims[handle].queued = 0;
        if (g->claims[handle].gone) release_handle(g, handle);
        else decide(g, handle);
    }
    *changes = g->changes;
    *released = g->released;
    *released_count = g->released_count;
    return g->changes_count;
}

/* Since the beginning: rows gone through, and pairs compared in full. */
void truce_groups_work(const Groups *g, int64_t *looked, int64_t *compared) {
    *looked = g->looked;
    *compared = g->compared;
}
