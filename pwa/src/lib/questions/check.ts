/** What a ward asks about a kind of problem (R4), and whether the answers will do: as the server will see it. */
import type { Answer, AnswersIn, AnswerValue, CategoryOut, Question } from '#lib/api/types.ts';
import { formatNumber, t } from '#lib/i18n/index.ts';
import { fold } from '#lib/text.ts';

export type Given = AnswersIn['given'];

export const longestAnswer = 500;

/** What is wrong with the answers, by question, in the person's words; empty when they can be sent. */
export function wrongAnswers(questions: readonly Question[], given: Given): Record<string, string> {
	const wrong: Record<string, string> = {};
	for (const question of questions) {
		const words = wrongWith(question, given[question.id]);
		if (words) wrong[question.id] = words;
	}
	return wrong;
}

function wrongWith(question: Question, value: AnswerValue | undefined): string | undefined {
	if (isEmpty(value)) return question.required ? t('Please answer this question.') : undefined;
	if (question.kind !== 'number') return undefined;
	if (typeof value !== 'number') return t('Please answer with a number.');
	if (typeof question.least === 'number' && value < question.least) {
		return t('At least {least}, please.', { least: formatNumber(question.least) });
	}
	if (typeof question.most === 'number' && value > question.most) {
		return t('At most {most}, please.', { most: formatNumber(question.most) });
	}
	return undefined;
}

function isEmpty(value: AnswerValue | undefined): boolean {
	if (value === undefined) return true;
	return typeof value === 'string' ? value.trim() === '' : Array.isArray(value) && value.length === 0;
}

/** A typed number, in any digits; what is none stays the text it is. */
export function readNumber(typed: string): number | string {
	const text = fold(typed).replaceAll('٬', '').replace(/[,٫]/, '.');
	return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : typed;
}

/** Fit to be sent: only what this version asks, and nothing empty. */
export function answersOf(
	category: Pick<CategoryOut, 'questions' | 'questions_version'>,
	given: Given
): AnswersIn {
	const asked = category.questions.flatMap(({ id }) => {
		const value = given[id];
		return value === undefined || isEmpty(value) ? [] : [[id, value] as const];
	});
	return { version: category.questions_version, given: Object.fromEntries(asked) };
}

/** Answers on their way, as the server will show them. */
export function shownAnswers(questions: readonly Question[], given: Given): Answer[] {
	return questions.flatMap((question): Answer[] => {
		const value = given[question.id];
		if (value === undefined || isEmpty(value)) return [];
		const base = { question_id: question.id, kind: question.kind, names: question.names };
		if (question.kind !== 'one_of' && question.kind !== 'some_of') {
			if (Array.isArray(value)) return [];
			return [{ ...base, value, unit: question.unit ?? null }];
		}
		const wanted = Array.isArray(value) ? value : [String(value)];
		const options = (question.options ?? []).filter((option) => wanted.includes(option.id));
		return [
			{ ...base, chosen: options.map((option) => option.id), labels: options.map((option) => option.names) }
		];
	});
}

/** What was answered before, to be changed. */
export function givenIn(answers: readonly Answer[]): Given {
	return Object.fromEntries(
		answers.flatMap((answer) => {
			const value =
				answer.kind === 'one_of'
					? answer.chosen?.[0]
					: answer.kind === 'some_of'
						? answer.chosen
						: answer.value;
			return value === undefined || value === null || answer.kind === 'unknown'
				? []
				: [[answer.question_id, value] as const];
		})
	);
}
