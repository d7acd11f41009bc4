/** What travels between phone and server, named as the server names it. Times are ISO-8601 UTC, ids UUIDs. */

export type Language = 'vi' | 'fa' | 'en';

/** One thing named in each of the three languages. */
export interface Names {
	vi: string;
	fa: string;
	en: string;
}

export interface ConfigOut {
	name: string;
	version: string;
	/** VAPID public key, base64url. */
	push_key: string;
	tiles: { kind: 'none' | 'raster' | 'pmtiles'; url?: string | null };
	consent_version: number;
	languages: Language[];
}

export type Role = 'resident' | 'head' | 'officer' | 'dispatcher' | 'leader' | 'inspector' | 'admin';

export interface GrantOut {
	role: Role;
	scope_id: string;
	scope_name: string;
}

export interface MeOut {
	id: string;
	name: string;
	language: Language;
	neighbourhood_id: string | null;
	session_id: string;
	grants: GrantOut[];
	consent_version: number;
	country: Country;
}

export interface MePatch {
	name?: string;
	language?: Language;
	neighbourhood_id?: string;
}

export type Country = 'VN' | 'IR';

export interface InvitationPreviewOut {
	kind: 'person' | 'device';
	inviter_name: string;
	area_name: string;
	area_path: string[];
	role: Role | null;
	name: string | null;
	country: Country;
	household_label: string | null;
}

export interface SessionIn {
	code: string;
	name: string;
	language: Language;
	consent_version: number;
	/** How this device shows in "my devices". */
	label: string;
}

export interface SessionOut {
	id: string;
	label: string;
	created_at: string;
	last_seen_at: string;
	current: boolean;
}

export interface DeviceLinkOut {
	id: string;
	code: string;
	url: string;
	expires_at: string;
}

export interface InvitationIn {
	area_id: string;
	household_label?: string;
	name?: string;
	role?: Role;
	scope_id?: string;
}

export interface InvitationOut extends DeviceLinkOut {
	qr_svg: string;
}

export interface InvitationRowOut {
	id: string;
	name: string | null;
	household_label: string | null;
	role: Role | null;
	created_at: string;
	expires_at: string;
	accepted_at: string | null;
	revoked_at: string | null;
}

export interface EmergencyNumber {
	number: string;
	names: Names;
}

/** A ring of [lat, lon] corners; the first and the last may be the same. */
export type Ring = [lat: number, lon: number][];

export interface AreaOut {
	id: string;
	parent_id: string | null;
	level: 'city' | 'ward' | 'neighbourhood';
	code: string;
	name: string;
	country: Country;
	time_zone: string;
	calendar: 'gregorian' | 'jalali';
	emergency_numbers: EmergencyNumber[];
	/** All rings together; a point inside an odd number of them is inside the area. */
	outline: Ring[];
	lat: number | null;
	lon: number | null;
}

export interface CategoryOut {
	id: string;
	area_id: string;
	code: string;
	names: Names;
	icon: string;
	colour: string;
	urgent: boolean;
	private: boolean;
	accept_hours: number;
	solve_hours: number;
	needs_result_photo: boolean;
	keywords: Partial<Record<Language, string[]>>;
	sort: number;
}

export interface DepartmentOut {
	id: string;
	area_id: string;
	code: string;
	names: Names;
}

export type LocatedBy = 'gps' | 'map' | 'photo' | 'none';

export interface PhotoIn {
	/** Hex of the bytes that will be uploaded. */
	sha256: string;
	bytes: number;
	type: string;
}

export interface ReportIn {
	category_id: string;
	description?: string;
	lat?: number;
	lon?: number;
	accuracy_m?: number;
	located_by: LocatedBy;
	address?: string;
	/** The neighbourhood as chosen by hand. */
	area_id?: string;
	photos: PhotoIn[];
	device_created_at?: string;
}

export interface ReportPatch {
	category_id?: string;
	description?: string;
	lat?: number;
	lon?: number;
	accuracy_m?: number;
	located_by?: LocatedBy;
	address?: string;
}

export interface PhotoReceipt {
	id: string;
	sha256: string;
	stored: boolean;
}

export interface ReportReceipt {
	id: string;
	code: string;
	state: ReportState;
	received_at: string;
	area_id: string;
	department_id: string | null;
	photos: PhotoReceipt[];
}

export type ReportState =
	| 'submitted'
	| 'accepted'
	| 'in_progress'
	| 'awaiting_reporter'
	| 'resolved'
	| 'disputed'
	| 'closed'
	| 'rejected'
	| 'merged'
	| 'withdrawn';

export interface PhotoOut {
	id: string;
	sha256: string;
	state: 'expected' | 'stored' | 'ready' | 'failed';
	width: number | null;
	height: number | null;
}

/** A move this person may make now, and what it must bring. */
export interface MoveOption {
	to: ReportState;
	needs_text: boolean;
	needs_reason: boolean;
	needs_photo: boolean;
}

export interface ReportOut {
	id: string;
	code: string;
	account_id: string;
	reporter_name: string | null;
	mine: boolean;
	neighbourhood_id: string;
	neighbourhood_name: string;
	category_id: string;
	department_id: string | null;
	department_names: Names | null;
	category_names: Names;
	category_icon: string;
	category_colour: string;
	state: ReportState;
	description: string;
	address: string;
	lat: number | null;
	lon: number | null;
	accuracy_m: number | null;
	located_by: LocatedBy;
	outside: boolean;
	urgent: boolean;
	private: boolean;
	created_at: string;
	updated_at: string;
	accept_due_at: string;
	solve_due_at: string;
	awaiting_since: string | null;
	accepted_at: string | null;
	resolved_at: string | null;
	closed_at: string | null;
	reason: string | null;
	merged_into: string | null;
	appealed: boolean;
	photos: PhotoOut[];
	last_seq: number;
	my_read_seq: number;
	seen_by_department_seq: number;
	seen_by_reporter_seq: number;
	moves: MoveOption[];
}

export interface ThreadEvent {
	type: 'created' | 'moved' | 'routed' | 'question' | 'answered' | 'edited' | 'escalated';
	from?: ReportState | null;
	to?: ReportState | null;
	reason?: string | null;
	department_id?: string | null;
}

export type Side = 'reporter' | 'department' | 'head' | 'system';

export interface MessageOut {
	id: string;
	report_id: string;
	/** Place in the thread: the server's order, from 1. */
	seq: number;
	side: Side;
	author_name: string | null;
	mine: boolean;
	kind: 'message' | 'event' | 'note';
	text: string;
	event: ThreadEvent | null;
	question: boolean;
	created_at: string;
	photos: PhotoOut[];
}

export interface MessageIn {
	text?: string;
	photos?: PhotoIn[];
	question?: boolean;
	note?: boolean;
	device_created_at?: string;
}

export interface MessageReceipt {
	id: string;
	seq: number;
	received_at: string;
	photos: PhotoReceipt[];
}

export interface MoveIn {
	to: ReportState;
	text?: string;
	reason?: string;
	photos?: PhotoIn[];
	merged_into?: string;
	device_created_at?: string;
}

export interface MoveReceipt extends MessageReceipt {
	state: ReportState;
}

export interface CaseOut {
	report: ReportOut;
	messages: MessageOut[];
}

export interface DeskOut {
	reports: ReportOut[];
	cursor: string | null;
	counts: { open: number; overdue: number; unread: number };
}

export interface NotificationOut {
	id: string;
	kind: 'report_new' | 'message' | 'question' | 'state' | 'answer';
	report_id: string | null;
	message_id: string | null;
	/** A state's name; never what a person wrote. */
	detail: ReportState | null;
	urgent: boolean;
	created_at: string;
	read_at: string | null;
}

export interface PushSubscriptionIn {
	endpoint: string;
	p256dh: string;
	auth: string;
	language: Language;
}

export interface SyncUpserts {
	me?: MeOut[];
	area?: AreaOut[];
	category?: CategoryOut[];
	department?: DepartmentOut[];
	report?: ReportOut[];
	message?: MessageOut[];
	notification?: NotificationOut[];
}

export interface SyncOut {
	cursor: string;
	more: boolean;
	reset: boolean;
	upserts: SyncUpserts;
	/** Kind → ids of what left this person's sight. */
	removals: Partial<Record<keyof SyncUpserts, string[]>>;
}

export interface FieldProblem {
	field: string;
	code: string;
	detail: string;
}

/** The body of every error (RFC 9457). */
export interface ProblemBody {
	type: string;
	title: string;
	status: number;
	detail: string;
	code: string;
	errors?: FieldProblem[];
	/** The report's state when a move came too late. */
	state?: ReportState;
}
