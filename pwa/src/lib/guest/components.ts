/** What people without an account see (R8); fetched by those who are none of ours yet. */
export { default as GuestCard } from './GuestCard.svelte';
export { default as GuestCode } from './GuestCode.svelte';
export { default as GuestEntry } from './GuestEntry.svelte';
