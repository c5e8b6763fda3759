/** Whether the page is as narrow as a phone. */
import { useEffect, useState } from "preact/hooks";

const NARROW = "(max-width: 767px)";

export function usePhone(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const asked = matchMedia(NARROW);
    const look = () => setNarrow(asked.matches);
    asked.addEventListener("change", look);
    return () => asked.removeEventListener("change", look);
  }, []);
  return isNarrow;
}
