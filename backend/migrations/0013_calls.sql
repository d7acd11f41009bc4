-- Calls that an operator writes down, whose number it was, and the texts that go there.

-- A person's number, apart from what is shown of them: for the ward's operators and the department
-- that works on what they reported.
CREATE TABLE phone_number (
    account_id      uuid PRIMARY KEY REFERENCES account,
    number          text NOT NULL CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),   -- E.164
    tail            text NOT NULL GENERATED ALWAYS AS (reverse(number)) STORED,
    texts           boolean NOT NULL,                 -- a mobile number of the person's own country
    given_by        uuid NOT NULL REFERENCES account, -- the person, or an operator
    given_at        timestamptz NOT NULL DEFAULT now(),
    unreachable_at  timestamptz                       -- the gateway says that nobody has it
);
-- By the last digits; the whole number is the longest tail.
CREATE INDEX phone_number_tail ON phone_number (tail text_pattern_ops);

-- An operator wrote it down for a caller, who is the author. Null: the author did, for somebody.
ALTER TABLE report_behalf ADD COLUMN logged_by uuid REFERENCES account;
CREATE INDEX report_behalf_logged ON report_behalf (logged_by, consented_at) WHERE logged_by IS NOT NULL;

-- Wards that pay for no texts; none has a row until somebody decides.
CREATE TABLE ward_sms (
    ward_id     uuid PRIMARY KEY REFERENCES area,
    allowed     boolean NOT NULL
);

-- One text to one caller. What it says is made of these columns when it goes out; the number stands
-- only in its own table.
CREATE TABLE sms_delivery (
    id           uuid PRIMARY KEY,                    -- the gateway's key for repetitions
    account_id   uuid NOT NULL REFERENCES account,
    ward_id      uuid NOT NULL REFERENCES area,
    report_id    uuid NOT NULL REFERENCES report,
    code         text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('logged', 'state', 'message', 'question')),
    detail       text,                                -- a state's name
    due_at       timestamptz,
    at_once      boolean NOT NULL,                    -- the caller waits for it: no quiet hours
    state        text NOT NULL DEFAULT 'pending'
                     CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    attempts     integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    receipt      text,                                -- the gateway's own number for it
    failure      text
);
CREATE INDEX sms_delivery_pending ON sms_delivery (next_at) WHERE state = 'pending';
CREATE INDEX sms_delivery_account ON sms_delivery (account_id, finished_at) WHERE state = 'sent';
CREATE INDEX sms_delivery_report ON sms_delivery (report_id, created_at);
