/** Where this phone is, as well as it can tell in a reasonable time. */
import { isPosition } from './distance.ts';

export interface Position {
	lat: number;
	lon: number;
	/** Radius in which the phone is by its own account (68 %). */
	accuracyM: number;
	/** ms since 1970. */
	at: number;
}

/** `denied`: the person (or the phone's settings) said no. `unavailable`: no fix. */
export class NotLocated extends Error {
	readonly reason: 'denied' | 'unavailable' | 'timeout' | 'unsupported';

	constructor(reason: NotLocated['reason']) {
		super(`position ${reason}`);
		this.name = 'NotLocated';
		this.reason = reason;
	}
}

export interface LocateOptions {
	/** Good enough to stop. */
	accuracyM?: number;
	/** After that, the best so far is taken. */
	patienceMs?: number;
	/** Every better position on the way, for a dot that gets sharper. */
	onBetter?: (position: Position) => void;
	signal?: AbortSignal;
}

/**
 * Watches until the position is good (30 m) or time is up (15 s), then gives the best. Throws `NotLocated`, or the
 * signal's reason.
 */
export function locate(options: LocateOptions = {}): Promise<Position> {
	const { accuracyM = 30, patienceMs = 15_000, onBetter, signal } = options;
	const geolocation = navigator.geolocation as Geolocation | undefined;
	if (!geolocation) return Promise.reject(new NotLocated('unsupported'));
	if (signal?.aborted) return Promise.reject(signal.reason as Error);
	return new Promise((resolve, reject) => {
		let best: Position | null = null;
		let failure = new NotLocated('timeout');
		const end = () => {
			geolocation.clearWatch(watch);
			clearTimeout(limit);
			signal?.removeEventListener('abort', aborted);
			if (best) resolve(best);
			else reject(signal?.aborted ? signal.reason : failure);
		};
		const aborted = () => {
			best = null;
			end();
		};
		const limit = setTimeout(end, patienceMs);
		signal?.addEventListener('abort', aborted);
		const watch = geolocation.watchPosition(
			({ coords, timestamp }) => {
				if (!isPosition(coords.latitude, coords.longitude)) return;
				if (best && coords.accuracy >= best.accuracyM) return;
				best = { lat: coords.latitude, lon: coords.longitude, accuracyM: coords.accuracy, at: timestamp };
				onBetter?.(best);
				if (best.accuracyM <= accuracyM) end();
			},
			(error) => {
				failure = new NotLocated(reasons[error.code] ?? 'unavailable');
				// No satellite yet is no answer yet; a "no" is one.
				if (error.code === error.PERMISSION_DENIED) end();
			},
			{ enableHighAccuracy: true, maximumAge: 30_000, timeout: patienceMs }
		);
	});
}

const reasons: Record<number, NotLocated['reason']> = { 1: 'denied', 2: 'unavailable', 3: 'timeout' };

/** `prompt`: asking would show the browser's question; 'unknown' where the browser does not tell (old Safari). */
export async function locationPermission(): Promise<PermissionState | 'unknown'> {
	try {
		return (await navigator.permissions.query({ name: 'geolocation' })).state;
	} catch {
		return 'unknown';
	}
}
