from hodei.kernel.errors import AwsError
from hodei.kernel.service import Service
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation, aggregated_message

logs = Service("logs")


@logs.on_violation
def invalid_parameter(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """As AWS answers, recorded: an InvalidParameterException with the words of a ValidationException."""
    from hodei.services.logs.errors import InvalidParameterException

    return InvalidParameterException(reason=aggregated_message(violations))
