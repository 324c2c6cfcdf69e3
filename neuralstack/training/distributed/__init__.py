"""One training on many devices, of one process or of several on any number of computers."""

from neuralstack.training.distributed._group import DeviceGroup as DeviceGroup
from neuralstack.training.distributed._join import join_processes as join_processes
from neuralstack.training.distributed._meeting import free_port as free_port, meet as meet
from neuralstack.training.distributed._messages import Message as Message
from neuralstack.training.distributed._on_devices import train_on_devices as train_on_devices
from neuralstack.training.distributed._place import Place as Place, find_place as find_place
