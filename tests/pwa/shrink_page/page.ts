/** The photo module as a page uses it: `window.shrinkChosen()` gives what became of the chosen file. */
import { UnreadablePhoto } from "../../../pwa/src/lib/photo/outcome.ts";
import { shrink } from "../../../pwa/src/lib/photo/shrink.ts";

interface Told {
  refused?: string;
  type?: string;
  width?: number;
  height?: number;
  sha256?: string;
  gps?: { lat: number; lon: number };
  original?: boolean;
  base64?: string;
  ms?: number;
}

async function shrinkChosen(): Promise<Told> {
  const file = document.querySelector("input")?.files?.[0];
  if (!file) throw new Error("no file chosen");
  const begun = performance.now();
  try {
    const { bytes, ...photo } = await shrink(file);
    const ms = performance.now() - begun;
    return { ...photo, ms, base64: await base64(bytes) };
  } catch (error) {
    if (error instanceof UnreadablePhoto) return { refused: error.reason };
    throw error;
  }
}

function base64(bytes: ArrayBuffer): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.readAsDataURL(new Blob([bytes]));
  });
}

Object.assign(globalThis, { shrinkChosen });
