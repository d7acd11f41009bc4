/** Whether something typed may be a telephone number or its last digits; the server's rule (`backend/phones.py`). */
import { fold } from './text.ts';

const fewestDigits = 4;

export function looksLikeNumber(typed: string): boolean {
	const said = fold(typed);
	return /^\+?[0-9 ()./-]+$/.test(said) && said.replace(/\D/g, '').length >= fewestDigits;
}
