-- Parts wait for more company before they are merged: each event is written once or twice more, not three times and more.
-- The engine lowers this by itself where parts are many, large or old. See docs/performance.md.
ALTER TABLE events MODIFY SETTING merge_selector_base = 30;
-- Long texts take half of their bytes, for processor time that could not be measured. What every question reads stays as it was.
ALTER TABLE events
    MODIFY COLUMN user_agent CODEC(ZSTD(1)),
    MODIFY COLUMN properties CODEC(ZSTD(1)),
    MODIFY COLUMN url CODEC(ZSTD(1)),
    MODIFY COLUMN path CODEC(ZSTD(1)),
    MODIFY COLUMN query CODEC(ZSTD(1)),
    MODIFY COLUMN title CODEC(ZSTD(1)),
    MODIFY COLUMN referrer CODEC(ZSTD(1));
