/* Distances, as `streams.core.geometry` defines them: whole numbers, with its table of cosines. */

#ifndef TRUCE_GEOMETRY_H
#define TRUCE_GEOMETRY_H

#include <math.h>
#include <stdint.h>

#define M_PER_DEGREE 111195

extern int32_t truce_cosines[9001];

/* How far one point lies to the east or west of another, in microdegrees of latitude. */
static inline int64_t east_e6(int64_t lat1, int64_t lon1, int64_t lat2, int64_t lon2) {
    int64_t east = lon2 - lon1, both = lat1 + lat2;
    if (east < 0) east = -east;
    if (east > 180000000) east = 360000000 - east;
    return east * truce_cosines[(both < 0 ? -both : both) / 20000] >> 16;
}

static inline int64_t distance_m(int64_t lat1, int64_t lon1, int64_t lat2, int64_t lon2) {
    int64_t east = east_e6(lat1, lon1, lat2, lon2), north = lat2 - lat1, square = east * east + north * north;
    int64_t root = (int64_t)sqrt((double)square);
    /* The square root of a double is off by one at most. */
    while (root * root > square) root--;
    while ((root + 1) * (root + 1) <= square) root++;
    return root * M_PER_DEGREE / 1000000;
}

#endif
