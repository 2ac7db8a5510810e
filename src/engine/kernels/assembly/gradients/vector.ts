// Four neighbouring channels of a pixel, or what exists of them. `whole` is a constant where these are
// inlined, so that the loop over whole groups has neither a call nor a branch for the rest.

import { loadLanes, storeLanes } from '../lanes';

@inline
export function get(whole: bool, p: usize, exist: i32): v128 {
  return whole ? v128.load(p) : loadLanes(p, exist);
}

@inline
export function put(whole: bool, p: usize, v: v128, exist: i32): void {
  if (whole) v128.store(p, v);
  else storeLanes(p, v, exist);
}

/** Adds up to four lanes to doubles. */
export function addLanes(to: usize, v: v128, count: i32): void {
  for (let lane = 0; lane < min(count, 4); lane++) {
    store<f64>(to, load<f64>(to) + <f64>f32x4.extract_lane(v, 0));
    v = i32x4.shuffle(v, v, 1, 2, 3, 0);
    to += 8;
  }
}
