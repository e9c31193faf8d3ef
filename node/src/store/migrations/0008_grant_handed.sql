-- Whether a partner may have a grant: written down before it leaves for the first time. A grant that
-- never left ends without an order to erase (laws 5 and 15). Of those from before nobody knows.
ALTER TABLE grant_issued ADD COLUMN is_handed INTEGER NOT NULL DEFAULT 1;
