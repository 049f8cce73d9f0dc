"""What blocks ask of the world, kept by a `Recorder` and answered from there by a `Player`.

An *exchange* is JSON: its `kind`, the `agent` and the `node` that asked, and what was said on both sides.

    kind       said
    http       as `blocks.sdk.exchanges` writes it; `final_url` where redirects led elsewhere
    model      `request`, `answer`
    embedding  `model`, `texts`, `vectors`
    transcript `model`, `audio`, `language`, `hint`, `heard`
    verdict    `model`, `texts`, `verdicts`
    picture    `model`, `prompt` … `pictures`, `mask`, `drawn`
    code       `language`, `code`, `ran`
    program    `name`, `lines`: each `said` to it or `heard` of it
    mail       `server`, `people`, `subject`, `text`
    sql        `server`, `text`, `answer`
    dialed     `host`, `port`: a connection that is not HTTP; what was said is not kept (`left_out`)
    now        `at`: a moment that was told
    stored     `scope`, `key`, `value`: what a stored value was when it was read
    recalled   `collection`, `limit`, `least`, `where`, `found`: what was remembered
    forgotten  `collection`, `ids`, `count`
    agents     `search`, `limit`, `page`, `found`, `total`: a page of the person's library
    file       `reference`, `name`, `media_type`, `base64`: what was in a file that was read
    written    `name`, `reference`, `sha256`: a file that was made

What was asked in vain has a `failure`, `{code, message}`. One written by hand may leave out what it does not want to be
compared, and who asks.
"""
