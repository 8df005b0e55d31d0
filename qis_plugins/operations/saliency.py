"""Where the subject of a picture probably is: the honest measure behind ``focus=smart``.

placeholder
"""

from PIL import Image

from qis_core.domain.images import Box, Size


def best_window(image: Image.Image, box: Box, size: Size) -> Box:
    return Box(box.left, box.top, box.left + size.width, box.top + size.height)
