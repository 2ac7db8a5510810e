// A worker that starts, and dies over whatever it is given.

export function evaluate(): never {
  // Inside a worker thread this ends the thread alone.
  process.exit(3);
}
