/** What floats over the screen: one after another, and Esc closes the topmost. What lies under a dialog is inert. */
import { computed, signal } from "@preact/signals";

export interface Layer {
  name: string;
  close(): void;
  isDialog: boolean;
}

export const layers = signal<Layer[]>([]);
export const isCovered = computed(() => layers.value.some((one) => one.isDialog));

/** Opens a layer; what is returned takes it away. */
export function addLayer(layer: Layer): () => void {
  layers.value = [...layers.value, layer];
  return () => {
    layers.value = layers.value.filter((one) => one !== layer);
  };
}

export function closeTopmost(): boolean {
  const top = layers.value.at(-1);
  top?.close();
  return Boolean(top);
}
