"""What the system that this project follows published, quoted, and what its code did otherwise than its text says.

"Fast Image Retrieval using Binary Hashes and Network of Word Associations", IIT Kharagpur 2023: the repository
rounaksaha12/Information-Retrieval-CBIR-project, its README and its report. "Algorithm 2" is exact search, "Algorithm 2
+ hashes" hashed search by the 48 bits of its network's own layer.
"""

from __future__ import annotations

from dataclasses import dataclass

REPOSITORY = "https://github.com/rounaksaha12/Information-Retrieval-CBIR-project"
REPORT = "Fast Image Retrieval using Binary Hashes and Network of Word Associations, IIT Kharagpur 2023"
COMMIT = "54d4e0e"  # 15 April 2023, the last that changed code

KS = (1, 5, 20, 100, 250)
HASH, BITS, MULTIPLIER = "latent-sigmoid", 48, "2"
PROTOCOL, HIERARCHY = "test-vs-test-with-self", "wordnet"
MAP, MAHP = "ap_source", "ahp"  # its definitions: divided by k, the plain mean


@dataclass(frozen=True)
class Published:
    """One published row: times in milliseconds a query; mAP and mAHP at each of `KS`, None where it gives none."""

    source: str
    search: str
    encode_ms: float
    retrieval_ms: float
    map: tuple[float | None, ...]
    mahp: tuple[float | None, ...]


# Section 3.1 of the README at COMMIT; tables 1 and 2 of the report, which alone give k = 20. They differ in one figure,
# exact mAP@5.
PUBLISHED = (
    Published("README", "exact", 220, 4.67, (1, 0.5646, None, 0.2664, 0.1321), (1, 0.8865, None, 0.7916, 0.7942)),
    Published("README", "hashed", 220, 4.48, (1, 0.5617, None, 0.2559, 0.1236), (1, 0.8865, None, 0.7838, 0.7786)),
    Published("report", "exact", 220, 4.67, (1, 0.5656, 0.4119, 0.2664, 0.1321), (1, 0.8865, 0.8275, 0.7916, 0.7942)),
    Published("report", "hashed", 220, 4.48, (1, 0.5617, 0.4057, 0.2559, 0.1236), (1, 0.8865, 0.8243, 0.7838, 0.7786)),
)

DIFFERENCES = (
    "The query stays in the corpus (10,000 test images query themselves) and finds itself first: mAP@1 = mAHP@1 = 1.",
    "Average precision at k is divided by k, not by min(R, k): with R = 100 it cannot pass 0.40 at k = 250.",
    "The shortlist holds k codes, where README, report and the program's own message say 2k: ranking them again can "
    "only reorder what Hamming distance returned.",
    "All k are read off one list of 250, so that mAP@5 with hashes had a shortlist of 250, not of 10.",
    "Codes are kept as floats 0 and 1 and compared by `torch.cdist(p=0)`: nothing is packed, so neither the memory nor "
    "the time is that of binary codes.",
    "Times are `time.process_time()`, CPU seconds summed over all threads, without a warm-up; making the query's code "
    "is part of the inference time.",
    "The epoch that is kept is the one of least loss on the test split.",
    "Images are normalised by the mean (.485, .486, .486), a slip for (.485, .456, .406).",
    "The ideal list of mAHP takes 100 images of each class: right for the test images, wrong for the 50,000 training "
    "images, the corpus that its script searches unless told otherwise.",
)
