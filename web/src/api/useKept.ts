// What was last answered, while a question asked again fails: a view goes on with what it has.

import { useState } from 'react';

export function useKept<T>(answer: T | null | undefined): T | undefined {
  const [kept, setKept] = useState<T | undefined>();
  if (answer !== null && answer !== undefined && answer !== kept) {
    // Before anything is drawn, so no older one is seen.
    setKept(answer);
    return answer;
  }
  return kept;
}
