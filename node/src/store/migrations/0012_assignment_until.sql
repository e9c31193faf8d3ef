-- Until when somebody works with a case: the first millisecond on which it counts no longer. None for as
-- long as nobody takes it away.
ALTER TABLE assignment ADD COLUMN until INTEGER;
