/** What the home only needs while something of the person's is not sent, or not finished. */
export { default as DeliveryLine } from './DeliveryLine.svelte';
export { default as DraftCard } from './DraftCard.svelte';
export { default as QueueNotes } from './QueueNotes.svelte';
export { default as RefusedEntry } from './RefusedEntry.svelte';
