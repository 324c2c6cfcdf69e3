import pytest


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Compute on one thread: tests are small, and several threads that wait for each other slow them down."""
    torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
