// What is done to one thing is done one after another; different things do not wait for each other.

export type InTurn<K> = <T>(key: K, work: () => Promise<T>) => Promise<T>;

export function openTurns<K>(): InTurn<K> {
  const turns = new Map<K, Promise<unknown>>();
  return (key, work) => {
    const turn = (turns.get(key) ?? Promise.resolve()).then(work);
    const over = turn
      .catch(() => undefined)
      .finally(() => {
        if (turns.get(key) === over) turns.delete(key);
      });
    turns.set(key, over);
    return turn;
  };
}
