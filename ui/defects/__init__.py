"""불량 확인: photos judged, corrected, and the pictures they are compared with."""
