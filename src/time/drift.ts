/** What clocks that are meant to run alike can drift apart, parts per million: more is a step of one of them. */
export const MOST_DRIFT_PPM = 200n;
/** The same, as a part of 1. */
export const MOST_DRIFT = Number(MOST_DRIFT_PPM) / 1e6;
