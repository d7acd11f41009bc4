import { formatDate, formatTime, formatWhen, t } from '#lib/i18n/index.ts';
import type { Delivery } from '#lib/state/index.ts';

/** Where something unsent stands, honestly, in one sentence. */
export function deliveryWords(delivery: Delivery, now: number): string {
	const { state, receivedAt, photosTotal: total, photosSent, voice } = delivery;
	if (state === 'needs_person') return t('Needs you: please look at it again');
	const photo = Math.min(photosSent + 1, total);
	if (voice === 'waiting' && (receivedAt || state === 'sending')) return voiceWords(delivery);
	if (receivedAt && photosSent >= total) return receivedWords(receivedAt, now);
	if (receivedAt) {
		return state === 'sending'
			? t('Received. Sending: photo {photo} of {total}', { photo, total })
			: t('Received. The photos follow by themselves.');
	}
	if (state === 'sending') {
		return total > 0 ? t('Sending: photo {photo} of {total}', { photo, total }) : t('Sending');
	}
	return t('Saved on this phone. It will send by itself.');
}

/** The voice note goes before the photos. */
function voiceWords({ state, receivedAt }: Delivery): string {
	if (!receivedAt) return t('Sending: voice note');
	return state === 'sending'
		? t('Received. Sending: voice note')
		: t('Received. The voice note follows by itself.');
}

function receivedWords(receivedAt: string, now: number): string {
	const today = formatDate(receivedAt) === formatDate(now);
	if (today) return t('Received at {time}', { time: formatTime(receivedAt) });
	return t('Received: {when}', { when: formatWhen(receivedAt, now) });
}

/** 0 to 1 of all bytes of its photos; null when there is nothing to show moving. */
export function deliveryProgress(delivery: Delivery): number | null {
	if (delivery.bytesTotal === 0 || delivery.state === 'needs_person' || delivery.state === 'done')
		return null;
	if (delivery.state !== 'sending' && delivery.bytesSent === 0) return null;
	return delivery.bytesSent / delivery.bytesTotal;
}
