/* The script and the signature of a text, as `streams.core.likeness` defines them. A test holds the two to each other. */

#include <stdint.h>
#include <string.h>

enum { RUN = 4, LETTERS_MAX = 400, READ_MAX = 1600, TABLE = 1024, COUNT_BITS = 9 };
enum { LATIN = 1, ARABIC, CYRILLIC, OTHER, SCRIPTS };
enum { UNTOLD = 0, NOTHING = 0xFFFF, ADDRESS = -1 };

static int script_of(const uint32_t *letters, int32_t count) {
    int32_t of[SCRIPTS] = { 0 };
    for (int32_t at = 0; at < count; at++) {
        uint32_t code = letters[at];
        if (code >= 0x61 && code <= 0x24F) of[LATIN]++;
        else if ((code >= 0x600 && code <= 0x77F) || (code >= 0x8A0 && code <= 0x8FF)) of[ARABIC]++;
        else if (code >= 0x400 && code <= 0x52F) of[CYRILLIC]++;
        else if (code > 0x24F) of[OTHER]++;
    }
    int most = LATIN;
    for (int script = ARABIC; script < SCRIPTS; script++)
        if (of[script] > of[most]) most = script;
    return most;
}

/* Bit by bit, what more than half of the hashes have. The counts of all bits are kept together: their ones, their twos, ... */
static uint64_t most_of(const uint64_t *hashes, int32_t count) {
    uint64_t counts[COUNT_BITS] = { 0 };
    for (int32_t at = 0; at < count; at++) {
        uint64_t carried = hashes[at];
        for (int place = 0; carried; place++) {
            uint64_t both = counts[place] & carried;
            counts[place] ^= carried;
            carried = both;
        }
    }
    uint64_t more = 0, equal = ~(uint64_t)0;
    for (int place = COUNT_BITS - 1; place >= 0; place--) {
        uint64_t half = count / 2 >> place & 1 ? ~(uint64_t)0 : 0;
        more |= equal & counts[place] & ~half;
        equal &= ~(counts[place] ^ half);
    }
    return more;
}

static uint64_t signature_of(const uint32_t *letters, int32_t count) {
    uint64_t hashes[LETTERS_MAX], runs[TABLE], window = 0;
    char taken[TABLE];
    int32_t different = 0, size = 64;
    while (size < count * 2) size *= 2;
    memset(taken, 0, (size_t)size);
    for (int32_t at = 0; at < count; at++) {
        window = window << 16 | (letters[at] & 0xFFFF);
        if (at + 1 < RUN) continue;
        uint64_t mixed = window * 0x9E3779B97F4A7C15u;
        mixed = (mixed ^ mixed >> 32) * 0xFF51AFD7ED558CCDu;
        mixed ^= mixed >> 29;
        uint32_t place = (uint32_t)(mixed >> 40) & (uint32_t)(size - 1);
        while (taken[place] && runs[place] != window) place = (place + 1) & (uint32_t)(size - 1);
        if (taken[place]) continue;
        taken[place] = 1;
        runs[place] = window;
        hashes[different++] = mixed;
    }
    return most_of(hashes, different);
}

/* Of letters that have been levelled, at most LETTERS_MAX. Returns the script. */
int32_t truce_wording(const uint32_t *letters, int32_t count, uint64_t *signature) {
    if (count > LETTERS_MAX) count = LETTERS_MAX;
    *signature = signature_of(letters, count);
    return script_of(letters, count);
}

/* Of a text as it is, of which Python tells by character what becomes of it: the letter, NOTHING, or that it did not tell
   yet. Returns how many letters there are, and gives their signature and script; ADDRESS where one may stand in the text, which
   Python takes out; -2 - c where it must first tell of the character c. */
int32_t truce_text_wording(const uint32_t *text, int32_t length, const uint16_t *levelled, int32_t told, uint64_t found[2]) {
    static const uint32_t http[4] = { 'h', 't', 't', 'p' }, www[4] = { 'w', 'w', 'w', '.' };
    uint32_t letters[LETTERS_MAX];
    int32_t count = 0;
    if (length > READ_MAX) length = READ_MAX;
    for (int32_t at = 0; at < length; at++) {
        uint32_t code = text[at], letter = code < (uint32_t)told ? levelled[code] : UNTOLD;
        if (at + 4 <= length && (!memcmp(text + at, http, sizeof http) || !memcmp(text + at, www, sizeof www))) return ADDRESS;
        if (letter == UNTOLD) return -2 - (int32_t)code;
        if (letter != NOTHING && count < LETTERS_MAX) letters[count++] = letter;
    }
    found[0] = signature_of(letters, count);
    found[1] = (uint64_t)script_of(letters, count);
    return count;
}
