/** Recording a voice note (R3): at most a minute, kept second by second, stopped by whatever comes in between. */
import { sha256Hex } from '#lib/photo/sha256.ts';
import { StorageFull } from '#lib/data/db.ts';
import type { PhotoRow } from '#lib/data/rows.ts';

export const mostSeconds = 60;
/** From here on the seconds that are left are counted down. */
export const lastSeconds = 10;

const leastSeconds = 0.5;
const keepEveryMs = 1_000;
const lookEveryMs = 100;
/** Softer than a whisper held at arm's length; the server's `SILENT_DB` in `decode_voice.py`. */
const silentDb = -50;

/**
 * What browsers record, the smallest first. Of 60 seconds Chromium makes 115 KB, Firefox 140 KB; with AAC they are
 * 139 KB. A browser that does not heed the number makes more, and the server takes up to 1 MiB.
 */
const formats = [
	{ asked: 'audio/webm;codecs=opus', type: 'audio/webm', bits: 14_000 },
	{ asked: 'audio/ogg;codecs=opus', type: 'audio/ogg', bits: 14_000 },
	{ asked: 'audio/mp4;codecs=mp4a.40.2', type: 'audio/mp4', bits: 16_000 },
	{ asked: 'audio/mp4', type: 'audio/mp4', bits: 16_000 }
];

/**
 * Why nothing, or no more, is recorded. `denied`: the person or the phone does not let us. `busy`: another app has the
 * microphone. `missing`: there is none. `too_short`: nothing could be said in that time.
 */
export type RecordingProblem = 'denied' | 'busy' | 'missing' | 'too_short' | 'storage_full';

/** This browser can record, and a microphone is there, allowed or not. */
export async function canRecord(): Promise<boolean> {
	if (!navigator.mediaDevices?.getUserMedia || !formatHere()) return false;
	const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
	return devices.some((device) => device.kind === 'audioinput');
}

function formatHere() {
	if (typeof MediaRecorder === 'undefined') return undefined;
	return formats.find((format) => MediaRecorder.isTypeSupported(format.asked));
}

/** One voice note being recorded, again and again if the person likes. */
export class Recording {
	state = $state<'idle' | 'asking' | 'recording' | 'keeping'>('idle');
	problem = $state<RecordingProblem | null>(null);
	/** So far. */
	seconds = $state(0);
	/** How loud it is right now, 0 to 1. */
	level = $state(0);

	readonly #keep: (voice: PhotoRow) => Promise<void>;
	#wanted = false;
	#end: (() => void) | null = null;

	/** `keep` is given all that was recorded so far, under one id, about once a second and at the end. */
	constructor(keep: (voice: PhotoRow) => Promise<void>) {
		this.#keep = keep;
	}

	/** Begins; the browser may ask the person first. Resolves when it has ended, whyever, and all of it is kept. */
	async start(): Promise<void> {
		const format = formatHere();
		if (this.state !== 'idle' || !format) return;
		this.#wanted = true;
		this.state = 'asking';
		this.problem = null;
		this.seconds = 0;
		try {
			const audio = {
				channelCount: 1,
				echoCancellation: true,
				noiseSuppression: true,
				autoGainControl: true
			};
			const stream = await navigator.mediaDevices.getUserMedia({ audio });
			// Left while the question stood on the screen.
			if (this.#wanted) await this.#record(stream, format);
			for (const track of stream.getTracks()) track.stop();
		} catch (error) {
			this.problem = problemOf(error);
		} finally {
			this.state = 'idle';
			this.level = 0;
			this.#end = null;
		}
	}

	/** Ends it; what was said is kept. */
	stop(): void {
		this.#wanted = false;
		this.#end?.();
	}

	async #record(stream: MediaStream, format: (typeof formats)[number]): Promise<void> {
		const recorder = new MediaRecorder(stream, {
			mimeType: format.asked,
			audioBitsPerSecond: format.bits
		});
		const ear = listenTo(stream);
		const id = crypto.randomUUID();
		const createdAt = Date.now();
		const pieces: Blob[] = [];
		let begun = performance.now();
		let keeping: Promise<void> = Promise.resolve();

		const keepSoFar = async () => {
			if (this.problem || this.seconds < leastSeconds) return;
			const bytes = await new Blob(pieces).arrayBuffer();
			if (bytes.byteLength === 0) return;
			const silent = ear && ear.loudestDb() < silentDb;
			await this.#keep({
				id,
				sha256: await sha256Hex(bytes),
				type: format.type,
				width: 0,
				height: 0,
				bytes,
				gps: null,
				original: true,
				voice: { seconds: Math.round(this.seconds * 10) / 10, silent },
				createdAt
			});
		};
		const count = () => {
			this.seconds = Math.min(mostSeconds, (performance.now() - begun) / 1000);
			this.level = ear?.level() ?? 0;
		};
		const watch = () => {
			count();
			if (this.seconds >= mostSeconds) this.stop();
		};
		const leftAlone = () => document.hidden && this.stop();

		await new Promise<void>((resolve, reject) => {
			this.#end = () => {
				if (recorder.state === 'inactive') return;
				count();
				this.state = 'keeping';
				recorder.stop();
			};
			recorder.ondataavailable = ({ data }) => {
				pieces.push(data);
				keeping = keeping.then(keepSoFar).catch((error: unknown) => {
					this.problem ??= problemOf(error);
					this.stop();
				});
			};
			recorder.onstop = () => resolve();
			recorder.onerror = (event) => reject((event as Event & { error?: unknown }).error ?? event);
			recorder.onstart = () => (begun = performance.now());
			// A call takes the microphone: silent from then on, or gone.
			for (const track of stream.getTracks()) track.onended = track.onmute = () => this.stop();
			document.addEventListener('visibilitychange', leftAlone);
			this.state = 'recording';
			recorder.start(keepEveryMs);
			const timer = setInterval(watch, lookEveryMs);
			recorder.addEventListener('stop', () => clearInterval(timer));
		}).finally(() => {
			document.removeEventListener('visibilitychange', leftAlone);
			ear?.close();
		});
		await keeping;
		if (this.seconds < leastSeconds) this.problem ??= 'too_short';
	}
}

/** How loud it is; null where the browser cannot tell. */
function listenTo(stream: MediaStream) {
	if (typeof AudioContext === 'undefined') return null;
	const context = new AudioContext();
	const analyser = context.createAnalyser();
	analyser.fftSize = 2048;
	context.createMediaStreamSource(stream).connect(analyser);
	const samples = new Float32Array(analyser.fftSize);
	let loudest = -Infinity;
	const db = () => {
		analyser.getFloatTimeDomainData(samples);
		const square = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
		const now = 10 * Math.log10(Math.max(square, 1e-10));
		// Not running yet, it hears nothing, which says nothing of the room.
		if (context.state === 'running') loudest = Math.max(loudest, now);
		return now;
	};
	return {
		level: () => Math.min(1, Math.max(0, (db() + 60) / 50)),
		loudestDb: () => (loudest === -Infinity ? 0 : loudest),
		close: () => void context.close()
	};
}

function problemOf(error: unknown): RecordingProblem {
	if (error instanceof StorageFull) return 'storage_full';
	const name = error instanceof DOMException ? error.name : '';
	if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
	if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
	return 'busy';
}
