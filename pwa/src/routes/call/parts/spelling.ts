/** How a report's number is read out: each letter as people of that language name it on the telephone. */
import type { Language } from '#lib/api/types.ts';

/** The letters of `backend/reports/codes.py`: no I, L, O, U. */
const letters = 'ABCDEFGHJKMNPQRSTVWXYZ';

/** English: the alphabet of ICAO. Vietnamese and Persian: the letters' own names. */
const names: Readonly<Record<Language, string>> = {
	en: 'Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel Juliett Kilo Mike November Papa Quebec Romeo Sierra Tango Victor Whiskey X-ray Yankee Zulu',
	vi: 'a bê xê đê e ép giê hát gi ca em-mờ en-nờ pê quy e-rờ ét-xì tê vê vê-kép ích-xì i-dài dét',
	fa: 'اِی بی سی دی ایی اِف جی اِچ جِی کِی اِم اِن پی کیو آر اِس تی وی دبلیو ایکس وای زِد'
};

export interface Spoken {
	sign: string;
	/** What to say for a letter; null for a digit, which everybody can read. */
	name: string | null;
}

/** The groups of a number, sign by sign: K7P-2QF-9. */
export function spell(code: string, language: Language): Spoken[][] {
	const said = names[language].split(' ');
	return code.split('-').map((group) =>
		[...group].map((sign) => {
			const at = letters.indexOf(sign);
			return { sign, name: at === -1 ? null : (said[at] ?? null) };
		})
	);
}
