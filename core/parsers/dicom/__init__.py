"""DICOM files, read by pydicom in the sandbox: `picture` for the decoded picture, `view` for values and elements.

One grey picture of 8 to 16 bits is read. What pydicom would say of odd values quotes them, and they may be a patient's:
it is kept quiet, and our errors name elements and never what is in them.
"""
