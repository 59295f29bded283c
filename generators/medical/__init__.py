"""Medical pictures (DICOM): fidelity only. What is made is held against what was measured, and says how sure it is.

Read `enhancement` first. The module's promise: every mean that the scanner measured stays what it was, to within the
rounding of one stored value, or there is no output.
"""
