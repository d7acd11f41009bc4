export interface Toast {
	id: number;
	/** Already in the person's language. */
	text: string;
	/** Takes the act back; the toast stays longer. */
	undo?: (() => void) | undefined;
	urgent: boolean;
}

/** Milliseconds. Long enough to be read slowly and, with an undo, to reach for it. */
const shown = 6_000;
const shownWithUndo = 12_000;

let next = 0;
let toasts = $state<Toast[]>([]);

export const shownToasts = {
	get all(): readonly Toast[] {
		return toasts;
	}
};

/** Says in passing what just happened; screen readers hear it, too. Never the only place for what matters. */
export function announce(text: string, options: { undo?: () => void; urgent?: boolean } = {}): void {
	const toast: Toast = { id: next++, text, undo: options.undo, urgent: options.urgent ?? false };
	toasts = [...toasts.slice(-2), toast];
	setTimeout(() => dismiss(toast.id), toast.undo ? shownWithUndo : shown);
}

export function dismiss(id: number): void {
	toasts = toasts.filter((toast) => toast.id !== id);
}
