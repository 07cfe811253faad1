IDEAS = {}
KNOBS = ()
