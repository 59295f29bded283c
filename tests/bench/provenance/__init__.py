"""`python -m tests.bench --parts provenance`: signing and reading beside the bare calls of C2PA's library.

files     what is signed: photographs and films of the sizes that are asked about
bare      the library called in this process, with nothing around it
path      our own path: sandbox trips, the key outside, the read-back, the comparison
memory    what a large film takes in the server's process and in its worker
run       all of it, printed
"""
