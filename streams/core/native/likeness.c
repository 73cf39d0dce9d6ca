/* The signature of a text of ASCII letters, as `streams.core.likeness` defines it. A test holds the two to each other. */

#include <stdint.h>
#include <string.h>

enum { RUN = 4, LETTERS_MAX = 400, READ_MAX = 1600, TABLE = 1024 };

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/* Writes the levelled letters to `plain`, which holds LETTERS_MAX, and returns how many; -1 where an address may stand in
   the text, which Python reads. `signature` is set where there are enough for one run. */
int32_t truce_wording(const char *text, int32_t length, char *plain, uint64_t *signature) {
    if (length > READ_MAX) length = READ_MAX;
    int32_t count = 0;
    for (int32_t at = 0; at < length; at++) {
        char c = text[at] >= 'A' && text[at] <= 'Z' ? (char)(text[at] + 32) : text[at];
        if (at + 4 <= length && (!memcmp(text + at, "http", 4) || !memcmp(text + at, "www.", 4))) return -1;
        if (is_letter(c) && count < LETTERS_MAX) plain[count++] = c;
    }
    uint64_t runs[LETTERS_MAX], table[TABLE], window = 0;
    memset(table, 0, sizeof table);
    int32_t different = 0;
    for (int32_t at = 0; at < count; at++) {
        window = window << 16 | (uint64_t)(unsigned char)plain[at];
        if (at + 1 < RUN) continue;
        uint64_t mixed = window * 0x9E3779B97F4A7C15u;
        mixed = (mixed ^ mixed >> 32) * 0xFF51AFD7ED558CCDu;
        mixed ^= mixed >> 29;
        /* No run of four letters is 0, so 0 says that a place of the table is free. */
        uint32_t place = (uint32_t)(mixed >> 40) & (TABLE - 1);
        while (table[place] && table[place] != window) place = (place + 1) & (TABLE - 1);
        if (table[place]) continue;
        table[place] = window;
        runs[different++] = mixed;
    }
    uint64_t found = 0;
    for (int bit = 0; bit < 64; bit++) {
        int32_t ones = 0;
        for (int32_t run = 0; run < different; run++) ones += (int32_t)(runs[run] >> bit & 1);
        if (ones > different / 2) found |= (uint64_t)1 << bit;
    }
    *signature = found;
    return count;
}
