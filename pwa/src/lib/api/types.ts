/**
 * What travels between phone and server: the names of `schema.d.ts`, which is made from the server's own description.
 * Times are ISO-8601 UTC, ids UUIDs.
 */
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];

/** Fields with a default need not be sent. */
type Defaulted<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

export type Language = MeOut['language'];
export type Role = GrantOut['role'];
export type Country = AreaOut['country'];
export type LocatedBy = ReportOut['located_by'];
export type ReportState = ReportOut['state'];
export type Side = MessageOut['side'];
/** A ring of [lat, lon] corners. */
export type Ring = AreaOut['outline'][number];

export type Names = Schemas['Names'];
export type ConfigOut = Schemas['ConfigOut'];
export type GrantOut = Schemas['GrantOut'];
export type MeOut = Schemas['MeOut'];
export type MePatch = Schemas['MePatch'];
export type SessionIn = Defaulted<Schemas['SessionIn'], 'label' | 'name' | 'guest_code'>;
export type GuestWard = Schemas['GuestWard'];
export type GuestCatalogue = Schemas['GuestCatalogue'];
export type GuestRuleOut = Schemas['GuestRuleOut'];
/** One of my devices. */
export type SessionOut = Schemas['DeviceOut'];
export type DeviceList = Schemas['DeviceList'];
export type InvitationPreview = Schemas['InvitationPreview'];
export type InvitationIn = Defaulted<Schemas['InvitationIn'], 'role'>;
export type InvitationOut = Schemas['InvitationOut'];
export type InvitationState = Schemas['InvitationState'];
export type InvitationList = Schemas['InvitationList'];

export type EmergencyNumber = Schemas['EmergencyNumber'];
export type AreaOut = Schemas['AreaOut'];
export type CategoryOut = Omit<Schemas['CategoryOut'], 'questions'> & { questions: Question[] };
export type Question = Schemas['Question'];
export type QuestionKind = Question['kind'];
export type AnswersIn = Schemas['AnswersIn'];
export type AnswerValue = AnswersIn['given'][string];
export type Answer = Schemas['Answer'];
export type ClockTimes = Schemas['ClockTimes'];
export type DepartmentOut = Schemas['DepartmentOut'];

/** A ward's rules, for those who keep them. */
export type WardOut = Schemas['WardOut'];
export type AreaName = Schemas['AreaName'];
export type CatalogueOut = Schemas['CatalogueOut'];
export type DepartmentRule = Schemas['DepartmentRule'];
export type CategoryRule = Schemas['CategoryRule'];
export type RouteOut = Schemas['RouteOut'];
export type RoutingPreview = Schemas['RoutingPreview'];
export type ClocksOut = Schemas['ClocksOut'];
export type ExampleOut = Schemas['ExampleOut'];
export type WardHoursOut = Schemas['WardHoursOut'];
export type Week = NonNullable<Schemas['HoursOut']['week']>;
export type DaysOffOut = Schemas['DaysOffOut'];
export type ClosureOut = Schemas['ClosureOut'];
export type RuleChangeOut = Schemas['RuleChangeOut'];
export type RuleChangesOut = Schemas['RuleChangesOut'];
export type RuleDiff = Schemas['RuleDiff'];
export type RuleState = Schemas['RuleState'];
export type RuleSubject = RuleChangeOut['subject'];

export type PhotoNamed = Schemas['PhotoNamed'];
export type PhotoOut = Schemas['PhotoOut'];
export type PhotoReceipt = Schemas['PhotoReceipt'];
export type VoiceOut = Schemas['VoiceOut'];
export type ReportIn = Defaulted<Schemas['ReportIn'], 'address' | 'description'>;
export type ReportPatch = Schemas['ReportPatch'];
export type ReportOut = Schemas['ReportOut'];
export type ReportReceipt = Schemas['ReportReceipt'];
export type MessageIn = Defaulted<Schemas['MessageIn'], 'note' | 'question' | 'text'>;
export type MessageOut = Schemas['MessageOut'];
export type MessageReceipt = Schemas['MessageReceipt'];
/** What happened in a thread. `from` and `to` are set for `moved`. */
export type ThreadEvent = Omit<Schemas['ThreadEvent'], 'from' | 'to'> & {
	from?: ReportState | null;
	to?: ReportState | null;
};
export type MoveIn = Defaulted<Schemas['MoveIn'], 'reason' | 'text'>;
export type RatingIn = Defaulted<Schemas['RatingIn'], 'text'>;
export type DecisionIn = Defaulted<
	Schemas['DecisionIn'],
	'address' | 'category_id' | 'lat' | 'lon' | 'photos' | 'reason' | 'text'
>;
export type Decision = ReportOut['decisions'][number];
export type BehalfIn = Schemas['BehalfIn'];
export type NearbyOut = Schemas['NearbyOut'];
export type NearbyList = Schemas['NearbyList'];
export type MoveOption = Schemas['MoveOption'];
export type MoveReceipt = Schemas['MoveReceipt'];
export type CaseOut = Schemas['CaseOut'];
export type NudgeIn = Defaulted<Schemas['NudgeIn'], never>;
export type HandoverIn = Defaulted<Schemas['HandoverIn'], 'reason'>;
export type SplitIn = Schemas['SplitIn'];
export type PartDoneIn = Defaulted<Schemas['PartDoneIn'], 'text'>;
export type PartOut = Schemas['PartOut'];
export type PresenceOut = Schemas['PresenceOut'];
export type TemplateIn = Schemas['TemplateIn'];
export type TemplateOut = Schemas['TemplateOut'];
export type TemplatesOut = Schemas['TemplatesOut'];
export type TemplateVersions = Schemas['TemplateVersions'];
export type DeskOut = Schemas['DeskOut'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type HistoryOut = Schemas['HistoryOut'];
/** Conditions that are left out are not made. */
export type DeskFilters = Partial<Schemas['DeskFilters']>;
export type DeskViewIn = Omit<Schemas['DeskViewIn'], 'filters'> & { filters: DeskFilters };
export type DeskViewOut = Schemas['DeskViewOut'];
export type DeskViewList = Schemas['DeskViewList'];
export type BulkItem = Schemas['BulkItem'];
export type BulkOut = Schemas['BulkOut'];
export type CallIn = Defaulted<
	Omit<Schemas['CallIn'], 'report'>,
	'caller_id' | 'language' | 'name' | 'number'
> & { report: ReportIn };
export type CallOut = Schemas['CallOut'];
export type CallList = Schemas['CallList'];
export type CallerOut = Schemas['CallerOut'];
export type CallerWordsIn = Defaulted<Schemas['CallerWordsIn'], 'text'>;
export type LookupOut = Schemas['LookupOut'];
export type SmsState = CallOut['sms'];
export type NotificationOut = Schemas['NotificationOut'];
export type SubscriptionIn = Schemas['SubscriptionIn'];
export type CrisisOut = Schemas['CrisisOut'];
export type CrisisKind = CrisisOut['kind'];
export type CrisisIn = Schemas['CrisisIn'];
export type CrisisDesk = Schemas['CrisisDesk'];
export type CrisisList = Schemas['CrisisList'];
export type CrisisSummary = Schemas['CrisisSummary'];
export type ReachOut = Schemas['ReachOut'];
export type BoardOut = Schemas['BoardOut'];
export type BoardReport = Schemas['BoardReport'];
export type StreetGroup = Schemas['StreetGroup'];
export type UnitOut = Schemas['UnitOut'];
export type UnitIn = Schemas['UnitIn'];
export type AssignmentOut = Schemas['AssignmentOut'];
export type Severity = NonNullable<StreetGroup['worst']>;
export type SuggestionsOut = Schemas['SuggestionsOut'];
export type SyncUpserts = Schemas['Upserts'];
export type SyncOut = Schemas['SyncOut'];

/** One field that is wrong: its path in the body, a stable code, and words for the person. */
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
