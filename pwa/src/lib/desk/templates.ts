/** Ready-made replies put into words: in the reporter's language where there is one (C4). */
import { isLanguage, locales, type Language } from '#lib/i18n/language.ts';
import type { ReportView } from '#lib/state/reports.svelte.ts';

type Texts = Readonly<Partial<Record<Language, string>>>;

export interface Filled {
	text: string;
	/** The language it is written in. */
	language: Language;
	/** The reporter's own was not there. */
	fallback: boolean;
}

/** What a reporter reads when a reply is not there in their own language: their second guess. */
const order: readonly Language[] = ['vi', 'en', 'fa'];

/** A reply with its places filled; null where it has no text at all. */
export function fillTemplate(texts: Texts, report: ReportView): Filled | null {
	const wanted = report.row?.reporter_language;
	const own = wanted && isLanguage(wanted) ? wanted : null;
	const language = own && texts[own] ? own : order.find((one) => texts[one]);
	const text = language && texts[language];
	if (!language || !text) return null;
	const values = valuesOf(report, language);
	return {
		text: text.replace(/\{([a-z]+)\}/g, (place, name: string) => values[name] ?? place),
		language,
		fallback: own !== null && language !== own
	};
}

function valuesOf(report: ReportView, language: Language): Record<string, string> {
	const due = report.state === 'submitted' ? report.acceptDueAt : report.solveDueAt;
	return {
		name: report.reporterName ?? '',
		code: report.code ?? '',
		category: report.categoryNames?.[language] ?? '',
		place: [report.address, report.neighbourhoodName].filter(Boolean).join(language === 'fa' ? '، ' : ', '),
		due: due
			? new Intl.DateTimeFormat(locales[language], {
					weekday: 'long',
					day: 'numeric',
					month: 'long',
					hour: '2-digit',
					minute: '2-digit',
					hourCycle: 'h23'
				}).format(new Date(due))
			: '',
		department: report.departmentNames?.[language] ?? ''
	};
}
