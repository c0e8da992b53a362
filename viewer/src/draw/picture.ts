/** Lines of pixels that painters fill: each line is a strip of a track, stretched to its height when it is shown. */
export interface Picture {
  readonly pixels: Uint32Array;
  /** Pixels in a line. */
  readonly width: number;
  /** Time at the left edge, and of one pixel. */
  readonly start: number;
  readonly step: number;
}
