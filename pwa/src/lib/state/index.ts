/**
 * Everything screens may use. They read `….current` (undefined for the first moment, then always something to show),
 * they act by the functions of `actions` and the editors, and they never wait for the network.
 */
export type * from '#lib/api/types.ts';
export { Problem, Unreachable } from '#lib/api/client.ts';
export { AppOutdated, StorageFull } from '#lib/data/db.ts';
export { DraftUnfinished } from '#lib/data/drafts.ts';
export type * from '#lib/data/rows.ts';
export * from './actions.ts';
export { decide, pendingDecision } from './decisions.ts';
export type { Delivery } from './delivery.ts';
export * from './bulk.svelte.ts';
export * from './casework.ts';
export * from './desk.svelte.ts';
export * from './deskViews.svelte.ts';
export * from './directory.svelte.ts';
export * from './drafts.ts';
export * from './editors.svelte.ts';
export * from './freshness.ts';
export { Live } from './live.svelte.ts';
export * from './notifications.svelte.ts';
export * from './phone.ts';
export type { PhotoView, VoiceView } from './pictures.ts';
export { Presence } from './presence.svelte.ts';
export { push, type PushPermission } from './push.svelte.ts';
export * from './queue.svelte.ts';
export { reports, type ReportView } from './reports.svelte.ts';
export * from './entrance.ts';
export * from './session.svelte.ts';
export * from './templates.ts';
export * from './thread.svelte.ts';
export * from './start.svelte.ts';
