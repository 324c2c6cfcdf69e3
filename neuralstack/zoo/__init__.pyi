from ._entry import Entry as Entry, save_entry as save_entry
from ._shelf import list as list, load as load
