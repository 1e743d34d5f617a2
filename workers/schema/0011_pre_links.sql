-- The view `identities` as it was, asked with fewer scans: planning it took longer than reading it. Of what was said of
-- an anonymous id the operator's word comes first, then the earliest claim. Ids that are known users' are looked for
-- among all that anything was said of.
CREATE OR REPLACE VIEW identities AS
SELECT client_id, word.4 AS user_id, word.2 AS since, word.3 AS event
FROM (
    SELECT client_id, min(said) AS word
    FROM (
        SELECT client_id, (1, claim.at, claim.event, user_id) AS said
        FROM identity_claims
        WHERE project = {project:String} AND lower(user_id) NOT IN (SELECT id FROM placeholder_ids)
        UNION ALL
        SELECT client_id, (0, decided_at, '', user_id) AS said
        FROM identity_overrides FINAL
        WHERE project = {project:String})
    GROUP BY client_id)
WHERE user_id != ''
    AND lower(client_id) NOT IN (SELECT id FROM placeholder_ids)
    AND client_id NOT IN (
        SELECT user_id FROM sightings
        WHERE project = {project:String} AND user_id IN (
            SELECT client_id FROM identity_claims WHERE project = {project:String}
            UNION ALL
            SELECT client_id FROM identity_overrides WHERE project = {project:String}));
