"""What others know of the log: witnesses' cosignatures, timestamps of authorities, and the keys it signed with.

    witness, cosigner      cosignatures (c2sp.org/tlog-witness)        post, threads, door    how others are asked
    stamping, authority    timestamps (RFC 3161)                       watch, witnessed       what came of it
    generations, rotation  the log's keys, and replacing one

Nothing here is needed to record, and nothing here may keep anybody from recording.
"""
