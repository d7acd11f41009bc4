import { formatWhen, t } from '#lib/i18n/index.ts';
import type { Delivery } from '#lib/state/index.ts';

/** Where something unsent stands, honestly, in one sentence. */
export function deliveryWords(delivery: Delivery, now: number): string {
	const { state, receivedAt, photosTotal: total, photosSent } = delivery;
	if (state === 'needs_person') return t('Needs you: please look at it again');
	const photo = Math.min(photosSent + 1, total);
	if (receivedAt) {
		const when = formatWhen(receivedAt, now);
		if (photosSent >= total) return t('Received at {when}', { when });
		return state === 'sending'
			? t('Received at {when}. Sending: photo {photo} of {total}', { when, photo, total })
			: t('Received at {when}. The photos follow by themselves.', { when });
	}
	if (state === 'sending') {
		return total > 0 ? t('Sending: photo {photo} of {total}', { photo, total }) : t('Sending');
	}
	return t('Saved on this phone. It will send by itself.');
}

/** 0 to 1 of all bytes of its photos; null when there is nothing to show moving. */
export function deliveryProgress(delivery: Delivery): number | null {
	if (delivery.bytesTotal === 0 || delivery.state === 'needs_person' || delivery.state === 'done')
		return null;
	if (delivery.state !== 'sending' && delivery.bytesSent === 0) return null;
	return delivery.bytesSent / delivery.bytesTotal;
}
