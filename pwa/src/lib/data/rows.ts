/** What the phone keeps. Replica rows are the server's own (`api/types`); these are ours. */
import type {
	AnswersIn,
	AreaOut,
	BehalfIn,
	CallerWordsIn,
	CallIn,
	CategoryOut,
	ConfigOut,
	CrisisOut,
	DeskViewIn,
	DecisionIn,
	DepartmentOut,
	GuestCatalogue,
	Language,
	HandoverIn,
	LocatedBy,
	MePatch,
	MessageIn,
	MessageOut,
	MoveIn,
	NotificationOut,
	NudgeIn,
	PartDoneIn,
	ProblemBody,
	SplitIn,
	SubscriptionIn,
	SuggestionsOut,
	TemplatesOut,
	ReportIn,
	ReportOut,
	RatingIn,
	ReportPatch
} from '#lib/api/types.ts';

/** What waits to be sent, by kind. Photos and voice are named by the entry's `photoIds`, never in here. */
export interface Payloads {
	report: Omit<ReportIn, 'photos' | 'voice'>;
	message: Omit<MessageIn, 'photos' | 'voice'>;
	move: Omit<MoveIn, 'photos'>;
	edit: ReportPatch;
	rating: RatingIn;
	/** `instead`: what was about to be reported, in case the join is refused. */
	join: { device_created_at: string; instead: ReportDraft };
	leave: Record<string, never>;
	decision: Omit<DecisionIn, 'photos'>;
	/** A report that an operator writes down for a caller; its id is the report's. */
	call: CallIn;
	/** What a caller adds to a report of theirs. */
	caller_words: CallerWordsIn;
	nudge: NudgeIn;
	handover: HandoverIn;
	split: SplitIn;
	part_done: Omit<PartDoneIn, 'photos'> & { department_id: string };
	read: { seq: number };
	notification_read: { ids: string[] };
	profile: MePatch;
	push_subscription: SubscriptionIn;
	/** The id under which the subscription was told. */
	push_unsubscription: { id: string };
	desk_view: DeskViewIn;
	/** The id under which it was saved. */
	desk_view_removal: { id: string };
	/** What a dispatcher does in a crisis: where it is told, what the answer is about, after what else it goes. */
	crisis: { path: string; body: unknown; answers: string; lane: string };
}
export type Kind = keyof Payloads;

/** A problem as it is kept: words, code and the fields it names. */
export type KeptProblem = Pick<ProblemBody, 'code' | 'title' | 'detail' | 'status' | 'errors' | 'state'>;

/** A move as a screen asks for it; words and photos come from the composer or beside it. */
export type MoveInput = Omit<MoveIn, 'photos' | 'device_created_at'>;

/** A hand-over as a screen asks for it. */
export type HandoverInput = Omit<HandoverIn, 'device_created_at'>;

export type OutboxState = 'queued' | 'sending' | 'done' | 'needs_person';

/** With `seconds` it is a voice note (R3). */
export interface NamedFile {
	sha256: string;
	bytes: number;
	type: string;
	seconds?: number;
}

interface EntryOf<K extends Kind> {
	/** The row's key on the server, for ever. */
	id: string;
	kind: K;
	/** The report it belongs to; a report's own id for itself. */
	reportId: string | null;
	/** Entries of one lane go one after the other; lanes do not wait for each other. */
	lane: string;
	payload: Payloads[K];
	/** Of photos and, first, of the voice note: rows of the `photos` store. */
	photoIds: string[];
	/** SHA-256 (hex), bytes and type of each of them, in order: part of what is sent, even after the bytes are gone. */
	photos: NamedFile[];
	state: OutboxState;
	attempts: number;
	/** Milliseconds since 1970; 0 = at once. */
	nextAttemptAt: number;
	lastError: KeptProblem | null;
	/** The server has it durably (not yet all its photos, perhaps): its time. */
	receivedAt: string | null;
	/** A report's short code, once received. */
	code: string | null;
	createdAt: number;
	order: number;
}
export type OutboxEntry = { [K in Kind]: EntryOf<K> }[Kind];

/** The bytes of a photo or voice note, until a receipt says that the server has them. */
export interface PhotoRow {
	id: string;
	sha256: string;
	type: string;
	width: number;
	height: number;
	bytes: ArrayBuffer;
	/** Where the picture itself says it was taken. */
	gps: { lat: number; lon: number } | null;
	/** The browser could not decode it: sent as it is, the server makes the picture. */
	original: boolean;
	/** It is a voice note: how long, and whether nothing was heard in it (null: not measured). */
	voice?: { seconds: number; silent: boolean | null };
	createdAt: number;
}

/** How far a photo's bytes have come. Apart from the bytes, so that noting progress does not rewrite them. */
export interface UploadRow {
	photoId: string;
	/** Where the server keeps it while unfinished; null before it was created. */
	url: string | null;
	offset: number;
	length: number;
}

/** A report being written. Survives closing, crash and update; never sent before `submitReport`. */
export interface ReportDraft {
	id: string;
	kind: 'report';
	category_id: string | null;
	description: string;
	lat: number | null;
	lon: number | null;
	accuracy_m: number | null;
	located_by: LocatedBy;
	address: string;
	area_id: string | null;
	/** To what a category asks, by category: choosing another one for a moment loses none. */
	answers?: Record<string, AnswersIn>;
	/** Whom a head reports for (R7). */
	on_behalf?: BehalfIn | null;
	photoIds: string[];
	/** Which of them is the voice note. */
	voiceId?: string | null;
	/** Milliseconds since 1970. */
	createdAt: number;
	updatedAt: number;
	/** The refused entry this replaces when sent. */
	revises: string | null;
	/** What the server had against that one. */
	problem: KeptProblem | null;
}

/** What stands in a composer of one thread: the reply box, or the sheet of a move that wants words and photos. */
export interface MessageDraft {
	/** `messageDraftKey(reportId, slot)`. */
	id: string;
	kind: 'message';
	reportId: string;
	/** The id it will be sent under: sent twice by a double tap, it is still one. */
	sendAs: string;
	text: string;
	photoIds: string[];
	/** Which of them is the voice note. */
	voiceId?: string | null;
	updatedAt: number;
	revises: string | null;
	problem: KeptProblem | null;
}

/** A call being written down. */
export interface CallDraft {
	id: string;
	kind: 'call';
	number: string;
	/** Whom the operator takes the caller for; null: somebody new. */
	callerId: string | null;
	name: string;
	language: Language;
	category_id: string | null;
	answers: Record<string, AnswersIn>;
	area_id: string | null;
	lat: number | null;
	lon: number | null;
	address: string;
	description: string;
	/** Nobody sends photos or voice notes by telephone. */
	photoIds: string[];
	voiceId?: string | null;
	createdAt: number;
	updatedAt: number;
	revises: string | null;
	problem: KeptProblem | null;
}
export type Draft = ReportDraft | MessageDraft | CallDraft;

/** A case a desk has opened: not replicated, kept for reading offline. */
export interface CaseRow {
	id: string;
	report: ReportOut;
	messages: MessageOut[];
	/** Milliseconds since 1970. */
	fetchedAt: number;
}

/** Unsent work of someone else who used this phone: out of sight, and back when that person signs in again. */
export interface SetAsideRow {
	accountId: string;
	outbox: OutboxEntry[];
	photos: PhotoRow[];
	uploads: UploadRow[];
	drafts: Draft[];
}

/** A list that a person at a desk keeps under a name. */
export interface DeskView extends DeskViewIn {
	id: string;
}

/** A guest's tracking code. `arrived`: the server knows it and this phone has a session, under `sessionId`. */
export interface GuestPass {
	code: string;
	wardId: string;
	sessionId: string;
	arrived: boolean;
}

export interface Meta {
	cursor: string;
	/** Milliseconds since 1970. */
	syncedAt: number;
	/** Why the outbox stands still. */
	paused: 'signed_out';
	/** The session id sent with a join code whose answer may have been lost: the same again gets the cookie. */
	joining: { code: string; sessionId: string };
	/** A session to end on the server as soon as it can be reached. */
	revokeSession: string;
	/** Data saver: photos wait for an unmetered line (O10). */
	photosWaitForWifi: boolean;
	/** The push subscription as last told to the server, for which sign-in and in which language. */
	pushSubscription: { id: string; endpoint: string; session: string; language: Language };
	/** The person does not want to be told on this device, or not yet. */
	pushDeclined: boolean;
	/** The public configuration as last seen. */
	config: ConfigOut;
	/** Lists kept at the desk, as last asked for. */
	deskViews: DeskView[];
	/** Ready-made replies by department, as last asked for: an officer without a line has them, too. */
	templates: Record<string, TemplatesOut>;
	/** What the ward has learned of people's words; `askedAt`: milliseconds since 1970. */
	suggestions: { wardId: string; askedAt: number; model: SuggestionsOut };
	/** Whom this phone belongs to while nobody has an account on it (R8). */
	guest: GuestPass;
	/** What a report without an account needs, fetched before anybody asked for it. */
	guestCatalogue: GuestCatalogue & { wardId: string };
	/** Highest `order` given out. */
	order: number;
}

export interface Replica {
	areas: AreaOut;
	categories: CategoryOut;
	departments: DepartmentOut;
	reports: ReportOut;
	messages: MessageOut;
	notifications: NotificationOut;
	crises: CrisisOut;
}
