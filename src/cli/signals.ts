// Signals to a command whose work lives on in the archive: they pause it.

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * From now on a signal ends the drawing, says so and pauses the work, which stays in the archive; a second one
 * ends the process. What is returned undoes this, and waits for a pause that has begun.
 */
export function pauseOnSignal(
  pause: () => Promise<unknown>,
  saying: string,
  endDrawing: () => Promise<void>,
): () => Promise<void> {
  let pausing: Promise<unknown> = Promise.resolve();
  const onSignal = (): void => {
    const told = endDrawing().then(() => process.stderr.write(`${saying}\n`));
    // Refused when it has ended meanwhile, and then there is nothing to pause.
    pausing = Promise.allSettled([told, pause()]);
  };
  for (const name of SIGNALS) process.once(name, onSignal);
  return async () => {
    for (const name of SIGNALS) process.off(name, onSignal);
    await pausing;
  };
}
