"""DICOM files of the simulated series: valid, repeatable to the byte, plainly marked as simulated."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from io import BytesIO

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from .records import SimulatedSeries

MARK = "SIMULATED - NOT A PATIENT"
IMPLEMENTATION_UID = UID("2.25.193847261093847102938471029384710")


def uid_from(text: str) -> UID:
    """A UID under 2.25 derived from a text: the same text always gives the same UID."""
    # A UID of 64 characters leaves 59 digits; 122 bits of the digest need 37 at most.
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big") >> 6
    return UID(f"2.25.{number}")


def to_dicom(series: SimulatedSeries) -> list[bytes]:
    """Write a simulated CT as DICOM files.

    Parameters
    ----------
    series : SimulatedSeries

    Returns
    -------
    list of bytes
        One CT Image Storage file per slice, in the order of ``series.voxels`` (lowest slice first);
        instance number and position along the body both grow in this order. Stored values are
        unsigned 16 bit with a rescale intercept of -1024.
    """
    count, rows, columns = series.voxels.shape
    gap, row_mm, column_mm = series.spacing_mm
    day = (date(2020, 1, 6) + timedelta(days=series.seed % 365)).strftime("%Y%m%d")
    study = uid_from(f"study {series.patient_id} {series.seed}")
    files = []
    for index in range(count):
        key = f"{series.patient_id} {series.seed} {index} {rows} {columns} {count}"
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = uid_from(f"image {key}")
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.ImplementationClassUID = IMPLEMENTATION_UID
        data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        data.SpecificCharacterSet = "ISO_IR 192"
        data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
        data.SOPClassUID = CTImageStorage
        data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        data.StudyDate = data.SeriesDate = data.AcquisitionDate = data.ContentDate = day
        data.StudyTime = data.SeriesTime = data.ContentTime = "090000"
        data.AccessionNumber = ""
        data.Modality = "CT"
        data.Manufacturer = "SIMULATED"
        data.ManufacturerModelName = "SIMULATED THORAX"
        data.ReferringPhysicianName = ""
        data.StudyDescription = "SIMULATED CT THORAX"
        data.SeriesDescription = "SIMULATED AXIAL CONTRAST"
        # Its words are taken out of descriptions on import, so "simulated" must not be one of them.
        data.PatientName = "PHANTOM^TEACHING"
        data.PatientID = series.patient_id
        data.PatientBirthDate = ""
        data.PatientSex = "O"
        data.BodyPartExamined = "CHEST"
        data.SliceThickness = f"{gap:.4f}"
        data.SpacingBetweenSlices = f"{gap:.4f}"
        data.KVP = "120"
        data.ConvolutionKernel = "SIMULATED MEDIUM"
        data.PatientPosition = "HFS"
        data.StudyInstanceUID = study
        data.SeriesInstanceUID = uid_from(f"series {series.patient_id} {series.seed} {rows} {count}")
        data.StudyID = "1"
        data.SeriesNumber = 1
        data.InstanceNumber = index + 1
        data.ImagePositionPatient = [
            f"{-(columns - 1) * column_mm / 2:.4f}", f"{-(rows - 1) * row_mm / 2:.4f}", f"{index * gap:.4f}",
        ]  # fmt: skip
        data.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        data.FrameOfReferenceUID = uid_from(f"frame {series.patient_id} {series.seed}")
        data.PositionReferenceIndicator = ""
        data.SliceLocation = f"{index * gap:.4f}"
        data.ImageComments = MARK
        data.SamplesPerPixel = 1
        data.PhotometricInterpretation = "MONOCHROME2"
        data.Rows, data.Columns = rows, columns
        data.PixelSpacing = [f"{row_mm:.6f}", f"{column_mm:.6f}"]
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 0
        data.BurnedInAnnotation = "NO"
        data.WindowCenter, data.WindowWidth = ["-600", "40"], ["1500", "400"]
        data.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = "-1024", "1", "HU"
        data.PixelData = (series.voxels[index].astype(np.int32) + 1024).astype("<u2").tobytes()
        out = BytesIO()
        data.save_as(out, enforce_file_format=True)
        files.append(out.getvalue())
    return files
