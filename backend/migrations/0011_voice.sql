-- A voice note is named, stored and made playable like a photo, so it is a row of the same table.
ALTER TABLE photo ADD COLUMN seconds double precision CHECK (seconds > 0);  -- of voice notes only
ALTER TABLE photo ADD COLUMN silent boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX photo_voice ON photo (message_id) WHERE seconds IS NOT NULL;
